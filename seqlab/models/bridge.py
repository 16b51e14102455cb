"""From the last states of an encoder to the first ones of a decoder."""

import torch
from torch import nn

from seqlab.recurrent.carried import Carried, packed
from seqlab.recurrent.stack import Recurrent


class Bridge(nn.Module):
    """The decoder's first states, each of its layers and each state of the cell by a matrix of its own.

        s_0 = tanh(W [f; b] + v)     f, b: where the two directions of a layer of the encoder end

    A layer of the decoder reads that layer of the encoder that is as far from the top, or the lowest where there is none.

    Source: Bahdanau et al. 2015 (arXiv 1409.0473), appendix A.2.2, where b alone is read.

    Args:
        encoder, decoder: of the same cell.
    """

    def __init__(self, encoder: Recurrent, decoder: Recurrent):
        super().__init__()
        above = encoder.num_layers - decoder.num_layers
        self.layers = tuple(max(0, layer + above) for layer in range(decoder.num_layers))
        self.directions, n_maps = encoder.directions, len(decoder.row.states) * decoder.num_layers
        width = encoder.directions * encoder.hidden_size
        self.maps = nn.ModuleList(nn.Linear(width, decoder.hidden_size) for _ in range(n_maps))
        for parameter in self.maps.parameters():
            if parameter.dim() > 1:
                nn.init.xavier_uniform_(parameter)
            else:
                nn.init.zeros_(parameter)

    def forward(self, last: Carried) -> Carried:
        """The state before the decoder's first step, of the encoder's `last`; both in the form of `Recurrent.forward`."""
        maps, first = iter(self.maps), []
        for part in last if isinstance(last, tuple) else (last,):
            ends = part.view(-1, self.directions, *part.shape[1:]).transpose(1, 2).flatten(2)
            made = torch.stack([torch.tanh(next(maps)(ends[layer])) for layer in self.layers])
            first.append(made.to(part.dtype))  # which autocast may have made half precision
        return packed(tuple(first))
