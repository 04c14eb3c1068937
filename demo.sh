#!/bin/sh
# The main job on a folder of pictures, in a library of its own: index, ask in words, look a picture up.
# Called by `make demo`, which sets VENV, PHOTOS, QUERY, MODEL and LIBRARY.
set -eu
search="$VENV/bin/search"
model=$MODEL
if [ "$model" = tiny ]; then
    # Random weights: no download, no idea of words; it shows the machinery and finds copies of a picture.
    model=$("$VENV/bin/python" -m tests.tiny_clip "$VENV/tiny-model")
    LIBRARY="$LIBRARY-tiny"
fi
export SEARCH_LIBRARY="$LIBRARY"
if ! "$search" index "$PHOTOS" --yes ${model:+--model "$model"}; then
    echo 'No network? `make demo MODEL=tiny PHOTOS=…` shows everything but the meaning of words.' >&2
    exit 1
fi
echo
echo "\$ search query \"$QUERY\" -k 5"
"$search" query "$QUERY" -k 5
picture=$("$search" query "$QUERY" -k 1 --paths)
echo
echo "\$ search lookup \"$picture\" -k 5"
"$search" lookup "$picture" -k 5
echo
echo "The demo's library is $LIBRARY; delete the folder to be rid of it. The pictures were only read."
