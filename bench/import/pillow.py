"""The plain Pillow way of packing a folder of images, on all cores: python pillow.py FOLDER OUT. Prints its seconds."""
import multiprocessing
import os
import sys
import time


def decode(path):
    from PIL import Image
    with Image.open(path) as image:
        return image.convert('L').tobytes()


if __name__ == '__main__':
    folder, out = sys.argv[1:]
    start = time.perf_counter()
    paths = sorted(os.path.join(at, name) for at, _, names in os.walk(folder) for name in names)
    with multiprocessing.Pool(os.cpu_count()) as pool, open(out, 'wb') as file:
        for row in pool.imap(decode, paths, chunksize=256):
            file.write(row)
    print(time.perf_counter() - start)
