"""The straightforward way to embed a folder, as a program of its own: what `indexing_beside` compares with.

    python -m benchmarks.plain_loop MODEL_FOLDER PICTURES_FOLDER

One picture after the other: Pillow opens and decodes it in full, open_clip's own transform resizes it, torch encodes it
in float32 with all cores. Prints the pictures and the seconds as JSON (on the clock, and of the processors), without
loading the model and the first picture.
"""

import json
import sys
import time
from pathlib import Path

import numpy as np


def main(model_folder: Path, pictures: Path) -> None:
    """Embeds every JPEG of the folder."""
    import open_clip
    import torch
    from PIL import Image

    model, _, transform = open_clip.create_model_and_transforms(f"local-dir:{model_folder}")
    model.eval()
    files = sorted(pictures.glob("*.jpg"))
    rows = []
    with torch.inference_mode():
        for number, file in enumerate([files[0], *files]):
            if number == 1:
                start, cpu = time.perf_counter(), time.process_time()
            batch = transform(Image.open(file)).unsqueeze(0)
            rows.append(torch.nn.functional.normalize(model.encode_image(batch), dim=-1)[0].numpy())
    seconds, cpu_seconds = time.perf_counter() - start, time.process_time() - cpu
    shape = {"pictures": len(files), "dim": int(np.stack(rows).shape[1])}
    print(json.dumps(shape | {"seconds": seconds, "cpu_seconds": cpu_seconds}))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
