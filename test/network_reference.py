# Copyright NumFOCUS
#
# Licensed under the Apache License, Version 2.0 (the "License");
# you may not use this file except in compliance with the License.
# You may obtain a copy of the License at
#
#     https://www.apache.org/licenses/LICENSE-2.0.txt
#
# Unless required by applicable law or agreed to in writing, software
# distributed under the License is distributed on an "AS IS" BASIS,
# WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
# See the License for the specific language governing permissions and
# limitations under the License.
"""The U-Net in plain PyTorch."""

import torch
from torch import nn


class Dimension:
    """The layers of 2-D or 3-D networks."""

    def __init__(self, dimension):
        self.convolution = (nn.Conv2d, nn.Conv3d)[dimension - 2]
        self.normalization = (nn.BatchNorm2d, nn.BatchNorm3d)[dimension - 2]
        self.pooling = (nn.MaxPool2d, nn.MaxPool3d)[dimension - 2]
        self.transposed = (nn.ConvTranspose2d, nn.ConvTranspose3d)[dimension - 2]


class DoubleConv(nn.Module):
    def __init__(self, layers, channels_in, channels_out):
        super().__init__()
        self.double_conv = nn.Sequential(
            layers.convolution(channels_in, channels_out, kernel_size=3, padding=1),
            layers.normalization(channels_out),
            nn.ReLU(inplace=True),
            layers.convolution(channels_out, channels_out, kernel_size=3, padding=1),
            layers.normalization(channels_out),
            nn.ReLU(inplace=True),
        )

    def forward(self, x):
        return self.double_conv(x)


class Down(nn.Module):
    def __init__(self, layers, channels_in, channels_out):
        super().__init__()
        self.maxpool_conv = nn.Sequential(layers.pooling(2), DoubleConv(layers, channels_in, channels_out))

    def forward(self, x):
        return self.maxpool_conv(x)


class Up(nn.Module):
    def __init__(self, layers, channels_below, channels_skipped, channels_out):
        super().__init__()
        self.up = layers.transposed(channels_below, channels_below, kernel_size=2, stride=2)
        self.conv = DoubleConv(layers, channels_skipped + channels_below, channels_out)

    def forward(self, below, skipped):
        return self.conv(torch.cat([skipped, self.up(below)], dim=1))


class OutConv(nn.Module):
    def __init__(self, layers, channels_in):
        super().__init__()
        self.conv = layers.convolution(channels_in, 2, kernel_size=1)

    def forward(self, x):
        return self.conv(x)


class UNet(nn.Module):
    """`down` are the channels of the levels, `up` those after each level on the way up."""

    def __init__(self, dimension, channels, down, up):
        super().__init__()
        layers = Dimension(dimension)
        self.poolings = len(up)
        self.inc = DoubleConv(layers, channels, down[0])
        for i in range(self.poolings):
            self.add_module(f"down{i + 1}", Down(layers, down[i], down[i + 1]))
        below = down[-1]
        for i, out in enumerate(up):
            self.add_module(f"up{i + 1}", Up(layers, below, down[-2 - i], out))
            below = out
        self.outc = OutConv(layers, below)

    def forward(self, x):
        levels = [self.inc(x)]
        for i in range(self.poolings):
            levels.append(getattr(self, f"down{i + 1}")(levels[-1]))
        x = levels.pop()
        for i in range(self.poolings):
            x = getattr(self, f"up{i + 1}")(x, levels.pop())
        return self.outc(x)
