#!/bin/sh
# The main job on a folder of pictures, in a library of its own: index, ask in words, look a picture up.
# Called by `make demo PHOTOS=…`, which sets VENV, PHOTOS, QUERY and MODEL.
set -eu
search="$VENV/bin/search"
# One library for each model: a library keeps the model it was first indexed with.
SEARCH_LIBRARY="$VENV/demo-library-$(printf %s "$MODEL" | tr -c 'A-Za-z0-9.-' _)"
export SEARCH_LIBRARY
echo "\$ search index \"$PHOTOS\" --model $MODEL"
"$search" index "$PHOTOS" --model "$MODEL" --yes
echo
echo "\$ search query \"$QUERY\" -k 5"
"$search" query "$QUERY" -k 5
picture=$("$search" query "$QUERY" -k 1 --paths)
echo
echo "\$ search lookup \"$picture\" -k 5"
"$search" lookup "$picture" -k 5
echo
echo "This library is $SEARCH_LIBRARY; delete the folder to be rid of it. The pictures were only read."
