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
"""Files of weights that PyTorch reads and writes."""

import os
from typing import Any, Dict, Mapping, Union

import numpy as np


def write_state_dict(state_dict: Mapping[str, np.ndarray], path: Union[str, os.PathLike]) -> None:
    """Writes the weights of UNetModel.state_dict(): a file for torch.load(), or with the ending .safetensors one for
    safetensors. PyTorch or the package safetensors is needed.

    Raises
    ------
    ImportError
        If that package is missing, or if PyTorch has another LibTorch than this package; safetensors works with any.
    """
    if _is_safetensors(path):
        from safetensors.numpy import save_file

        save_file(dict(state_dict), path)
    else:
        import torch

        torch.save({name: torch.from_numpy(np.array(array)) for name, array in state_dict.items()}, path)


def read_state_dict(path: Union[str, os.PathLike]) -> Dict[str, Any]:
    """Reads weights for UNetModel.load_state_dict() from a file of torch.save(), or with the ending .safetensors of
    safetensors. PyTorch or the package safetensors is needed.

    Raises
    ------
    ImportError
        If that package is missing, or if PyTorch has another LibTorch than this package; safetensors works with any.
    """
    if _is_safetensors(path):
        from safetensors.numpy import load_file

        return load_file(path)
    import torch

    return torch.load(path, map_location="cpu", weights_only=True)


def _is_safetensors(path: Union[str, os.PathLike]) -> bool:
    return os.fspath(path).endswith(".safetensors")
