"""The plain PyTorch way of encoding a folder of images, on all cores: python torch_embed.py FOLDER WEIGHTS.npz OUT.npz. Prints its seconds.

A data set that opens each file with Pillow, a data loader with as many processes as cores, linear layers with ReLU between them, and
numpy.savez
of the codes and the file names. Imports are not counted; the start of the loader's processes is.
"""
import os
import sys
import time

import numpy
import torch
from PIL import Image


class Folder(torch.utils.data.Dataset):
    def __init__(self, paths):
        self.paths = paths

    def __len__(self):
        return len(self.paths)

    def __getitem__(self, index):
        with Image.open(self.paths[index]) as image:
            return torch.from_numpy(numpy.asarray(image.convert('L')).reshape(-1).copy())


if __name__ == '__main__':
    folder, weights, out = sys.argv[1:]
    start = time.perf_counter()
    stored = numpy.load(weights)
    layers = []
    for index in range(len(stored.files) // 2):
        kernel, bias = stored[f'kernel{index}'], stored[f'bias{index}']
        layer = torch.nn.Linear(*kernel.shape)
        layer.weight.data, layer.bias.data = torch.from_numpy(kernel.T.copy()), torch.from_numpy(bias)
        layers += [layer, torch.nn.ReLU()]
    model = torch.nn.Sequential(*layers[:-1]).eval()
    paths = sorted(os.path.join(at, name) for at, _, names in os.walk(folder) for name in names)
    loader = torch.utils.data.DataLoader(Folder(paths), batch_size=256, num_workers=os.cpu_count())
    with torch.inference_mode():
        codes = torch.cat([model(batch.to(torch.float32) / 255) for batch in loader])
    numpy.savez(out, codes=codes.numpy(), paths=numpy.array([os.path.relpath(path, folder) for path in paths]))
    print(time.perf_counter() - start)
