import type { LinearMap } from '../../../network/layer.ts'

/** How PyTorch does what one kind of layers does. */
export interface TorchKind {
  /** How its values lie: rows [N, values], or planes [N, channels, height, width]. */
  lies: 'rows' | 'planes'
  /** What defines the layer, and what goes back through one with a bias of its own (`adjoint`): lines of Python. */
  source: readonly string[]
  adjoint: readonly string[]
  /** A new layer with the weights of a name: an expression. @param bias false for one that is only gone back through */
  layer: (map: LinearMap, kernel: string, bias: string | null) => string
  /** Goes back through a layer: an expression. */
  back: (layer: string, bias: string) => string
}

const dense: TorchKind = {
  lies: 'rows',
  source: [
    'class Dense(nn.Linear):',
    '    """x W + b. The file has W as [inputs, outputs], PyTorch as [outputs, inputs]."""',
    '',
    '    def __init__(self, kernel, bias):',
    '        super().__init__(*kernel.shape, bias=bias is not None)',
    '        self.weight = nn.Parameter(kernel.T.contiguous())',
    '        if bias is not None:',
    '            self.bias = nn.Parameter(bias)',
  ],
  adjoint: [
    'class DenseBack(nn.Module):',
    '    """Back through a dense layer: its weights transposed, and a bias of its own."""',
    '',
    '    def __init__(self, layer, bias):',
    '        super().__init__()',
    '        self.layer, self.bias = layer, nn.Parameter(bias)',
    '',
    '    def forward(self, x):',
    '        return F.linear(x, self.layer.weight.T, self.bias)',
  ],
  layer: (_, kernel, bias) => `Dense(${kernel}, ${bias ?? 'None'})`,
  back: (layer, bias) => `DenseBack(${layer}, ${bias})`,
}

/** By the number of axes of their kernels. */
const kinds: Readonly<Record<number, TorchKind>> = { 2: dense }

/** How PyTorch does what a map does; null where it is not known. */
export const torchKind = ({ kernel }: LinearMap): TorchKind | null => kinds[kernel.length] ?? null
