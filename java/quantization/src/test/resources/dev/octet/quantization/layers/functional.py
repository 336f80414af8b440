def bilinear(input1: Tensor,
    input2: Tensor,
    weight: Tensor,
    bias: Optional[Tensor]=None) -> Tensor:
  return torch.bilinear(input1, input2, weight, bias)
def batch_norm(input: Tensor,
    running_mean: Optional[Tensor],
    running_var: Optional[Tensor],
    weight: Optional[Tensor]=None,
    bias: Optional[Tensor]=None,
    training: bool=False,
    momentum: float=0.10000000000000001,
    eps: float=1.0000000000000001e-05) -> Tensor:
  _0 = __torch__.torch.nn.functional._verify_batch_size
  if training:
    _1 = _0(torch.size(input), )
  else:
    pass
  _2 = torch.batch_norm(input, weight, bias, running_mean, running_var, training, momentum, eps, True)
  return _2
def _verify_batch_size(size: List[int]) -> NoneType:
  _0 = "Expected more than 1 value per channel when training, got input size {}"
  size_prods = size[0]
  size_prods0 = size_prods
  for i in range(torch.sub(torch.len(size), 2)):
    size_prods1 = torch.mul(size_prods0, size[torch.add(i, 2)])
    size_prods0 = size_prods1
  if torch.eq(size_prods0, 1):
    ops.prim.RaiseException(torch.format(_0, size), "builtins.ValueError")
  else:
    pass
  return None
def _verify_spatial_size(size: List[int]) -> NoneType:
  _0 = "Expected more than 1 spatial element when training, got input size {}"
  size_prods = 1
  for i in range(2, torch.len(size), 1):
    size_prods0 = torch.mul(size_prods, size[i])
    size_prods = size_prods0
  if torch.eq(size_prods, 1):
    ops.prim.RaiseException(torch.format(_0, size), "builtins.ValueError")
  else:
    pass
  return None
def instance_norm(input: Tensor,
    running_mean: Optional[Tensor]=None,
    running_var: Optional[Tensor]=None,
    weight: Optional[Tensor]=None,
    bias: Optional[Tensor]=None,
    use_input_stats: bool=True,
    momentum: float=0.10000000000000001,
    eps: float=1.0000000000000001e-05) -> Tensor:
  _0 = __torch__.torch.nn.functional._verify_spatial_size
  if use_input_stats:
    _1 = _0(torch.size(input), )
  else:
    pass
  _2 = torch.instance_norm(input, weight, bias, running_mean, running_var, use_input_stats, momentum, eps, True)
  return _2
def group_norm(input: Tensor,
    num_groups: int,
    weight: Optional[Tensor]=None,
    bias: Optional[Tensor]=None,
    eps: float=1.0000000000000001e-05) -> Tensor:
  _0 = "Expected at least 2 dimensions for input tensor but received {}"
  _1 = __torch__.torch.nn.functional._verify_batch_size
  if torch.lt(torch.dim(input), 2):
    _2 = torch.format(_0, torch.dim(input))
    ops.prim.RaiseException(_2, "builtins.RuntimeError")
  else:
    pass
  _3 = torch.mul(torch.size(input, 0), torch.size(input, 1))
  _4 = [torch.floordiv(_3, num_groups), num_groups]
  _5 = torch.slice(torch.size(input), 2, None, 1)
  _6 = _1(torch.add(_4, torch.list(_5)), )
  _7 = torch.group_norm(input, num_groups, weight, bias, eps, True)
  return _7
def layer_norm(input: Tensor,
    normalized_shape: List[int],
    weight: Optional[Tensor]=None,
    bias: Optional[Tensor]=None,
    eps: float=1.0000000000000001e-05) -> Tensor:
  _0 = torch.layer_norm(input, normalized_shape, weight, bias, eps)
  return _0
def local_response_norm(input: Tensor,
    size: int,
    alpha: float=0.0001,
    beta: float=0.75,
    k: float=1.) -> Tensor:
  _0 = "Expected 3D or higher dimensionality                          input (got {} dimensions)"
  dim = torch.dim(input)
  if torch.lt(dim, 3):
    ops.prim.RaiseException(torch.format(_0, dim), "builtins.ValueError")
  else:
    pass
  if torch.eq(torch.numel(input), 0):
    _1 = input
  else:
    div = torch.mul(input, input)
    if torch.eq(dim, 3):
      div1 = torch.unsqueeze(div, 1)
      _2 = torch.floordiv(size, 2)
      _3 = torch.floordiv(torch.sub(size, 1), 2)
      div2 = torch.pad(div1, [0, 0, _2, _3])
      div3 = torch.squeeze(torch.avg_pool2d(div2, [size, 1], [1]), 1)
      div0 = div3
    else:
      sizes = torch.size(input)
      _4 = [sizes[0], 1, sizes[1], sizes[2], -1]
      div4 = torch.view(div, _4)
      _5 = torch.floordiv(size, 2)
      _6 = torch.floordiv(torch.sub(size, 1), 2)
      div5 = torch.pad(div4, [0, 0, 0, 0, _5, _6])
      div6 = torch.squeeze(torch.avg_pool3d(div5, [size, 1, 1], [1]), 1)
      div7 = torch.view(div6, sizes)
      div0 = div7
    div8 = torch.pow(torch.add(torch.mul(div0, alpha), k), beta)
    _1 = torch.div(input, div8)
  return _1
def embedding(input: Tensor,
    weight: Tensor,
    padding_idx: Optional[int]=None,
    max_norm: Optional[float]=None,
    norm_type: float=2.,
    scale_grad_by_freq: bool=False,
    sparse: bool=False) -> Tensor:
  _0 = "AssertionError: Padding_idx must be within num_embeddings"
  if torch.__isnot__(padding_idx, None):
    padding_idx1 = unchecked_cast(int, padding_idx)
    if torch.gt(padding_idx1, 0):
      _1 = torch.lt(padding_idx1, torch.size(weight, 0))
      if _1:
        pass
      else:
        ops.prim.RaiseException(_0)
      padding_idx2 = padding_idx1
    else:
      if torch.lt(padding_idx1, 0):
        _2 = torch.neg(torch.size(weight, 0))
        if torch.ge(padding_idx1, _2):
          pass
        else:
          ops.prim.RaiseException(_0)
        padding_idx4 = torch.add(torch.size(weight, 0), padding_idx1)
        padding_idx3 = padding_idx4
      else:
        padding_idx3 = padding_idx1
      padding_idx2 = padding_idx3
    padding_idx0 = padding_idx2
  else:
    padding_idx0 = -1
  if torch.__isnot__(max_norm, None):
    max_norm0 = unchecked_cast(float, max_norm)
    input1 = torch.contiguous(input)
    _3 = torch.embedding_renorm_(torch.detach(weight), input1, max_norm0, norm_type)
    input0 = input1
  else:
    input0 = input
  _4 = torch.embedding(weight, input0, padding_idx0, scale_grad_by_freq, sparse)
  return _4
def embedding_bag(input: Tensor,
    weight: Tensor,
    offsets: Optional[Tensor]=None,
    max_norm: Optional[float]=None,
    norm_type: float=2.,
    scale_grad_by_freq: bool=False,
    mode: str="mean",
    sparse: bool=False,
    per_sample_weights: Optional[Tensor]=None,
    include_last_offset: bool=False,
    padding_idx: Optional[int]=None) -> Tensor:
  _0 = "if input is 2D, then offsets has to be None, as input is treated is a mini-batch of fixed length sequences. However, found offsets of type {}"
  if torch.eq(torch.dim(input), 2):
    if torch.__isnot__(offsets, None):
      ops.prim.RaiseException(_0, "builtins.ValueError")
    else:
      pass
    _1 = torch.numel(input)
    _2 = torch.size(input, 1)
    offsets1 = torch.arange(0, _1, _2, dtype=ops.prim.dtype(input), layout=None, device=ops.prim.device(input))
    input1 = torch.reshape(input, [-1])
    offsets0, input0 = offsets1, input1
  else:
    if torch.eq(torch.dim(input), 1):
      if torch.__is__(offsets, None):
        ops.prim.RaiseException("offsets has to be a 1D Tensor but got None", "builtins.ValueError")
        offsets4 = input
      else:
        offsets4 = unchecked_cast(Tensor, offsets)
      offsets3 = offsets4
    else:
      ops.prim.RaiseException("input has to be 1D or 2D Tensor", "builtins.ValueError")
      offsets3 = input
    offsets0, input0 = offsets3, input
  if torch.eq(mode, "sum"):
    mode_enum = 0
  else:
    if torch.eq(mode, "mean"):
      mode_enum1 = 1
    else:
      if torch.eq(mode, "max"):
        mode_enum2 = 2
      else:
        ops.prim.RaiseException("mode has to be one of sum, mean or max", "builtins.ValueError")
        mode_enum2 = 0
      mode_enum1 = mode_enum2
    mode_enum = mode_enum1
  if torch.__isnot__(max_norm, None):
    max_norm0 = unchecked_cast(float, max_norm)
    _3 = torch.embedding_renorm_(torch.detach(weight), input0, max_norm0, norm_type)
  else:
    pass
  ret, _4, _5, _6 = torch.embedding_bag(weight, input0, offsets0, scale_grad_by_freq, mode_enum, sparse, per_sample_weights, include_last_offset, padding_idx)
  return ret
def relu(input: Tensor,
    inplace: bool=False) -> Tensor:
  if inplace:
    result = torch.relu_(input)
  else:
    result = torch.relu(input)
  return result
def relu6(input: Tensor,
    inplace: bool=False) -> Tensor:
  if inplace:
    result = torch.relu6_(input)
  else:
    result = torch.relu6(input)
  return result
def hardtanh(input: Tensor,
    min_val: float=-1.,
    max_val: float=1.,
    inplace: bool=False) -> Tensor:
  if inplace:
    result = torch.hardtanh_(input, min_val, max_val)
  else:
    result = torch.hardtanh(input, min_val, max_val)
  return result
def leaky_relu(input: Tensor,
    negative_slope: float=0.01,
    inplace: bool=False) -> Tensor:
  if inplace:
    result = torch.leaky_relu_(input, negative_slope)
  else:
    result = torch.leaky_relu(input, negative_slope)
  return result
def elu(input: Tensor,
    alpha: float=1.,
    inplace: bool=False) -> Tensor:
  if inplace:
    result = torch.elu_(input, alpha)
  else:
    result = torch.elu(input, alpha)
  return result
def silu(input: Tensor,
    inplace: bool=False) -> Tensor:
  if inplace:
    _0 = torch.silu_(input)
  else:
    _0 = torch.silu(input)
  return _0
def softsign(input: Tensor) -> Tensor:
  return torch.div(input, torch.add(torch.abs(input), 1))
def tanhshrink(input: Tensor) -> Tensor:
  return torch.sub(input, torch.tanh(input))
def _get_softmax_dim(name: str,
    ndim: int,
    stacklevel: int) -> int:
  _0 = "Implicit dimension choice for {} has been deprecated. Change the call to include dim=X as an argument."
  torch.warn(torch.format(_0, name), stacklevel)
  if torch.eq(ndim, 0):
    _1 = True
  else:
    _1 = torch.eq(ndim, 1)
  if _1:
    _2 = True
  else:
    _2 = torch.eq(ndim, 3)
  if _2:
    ret = 0
  else:
    ret = 1
  return ret
def softmax(input: Tensor,
    dim: Optional[int]=None,
    _stacklevel: int=3,
    dtype: Optional[int]=None) -> Tensor:
  _0 = __torch__.torch.nn.functional._get_softmax_dim
  if torch.__is__(dim, None):
    dim1 = _0("softmax", torch.dim(input), _stacklevel, )
    dim0 = dim1
  else:
    dim0 = unchecked_cast(int, dim)
  if torch.__is__(dtype, None):
    ret = torch.softmax(input, dim0)
  else:
    dtype0 = unchecked_cast(int, dtype)
    ret = torch.softmax(input, dim0, dtype0)
  return ret
def softmin(input: Tensor,
    dim: Optional[int]=None,
    _stacklevel: int=3,
    dtype: Optional[int]=None) -> Tensor:
  _0 = __torch__.torch.nn.functional._get_softmax_dim
  if torch.__is__(dim, None):
    dim1 = _0("softmin", torch.dim(input), _stacklevel, )
    dim0 = dim1
  else:
    dim0 = unchecked_cast(int, dim)
  if torch.__is__(dtype, None):
    ret = torch.softmax(torch.neg(input), dim0)
  else:
    dtype0 = unchecked_cast(int, dtype)
    ret = torch.softmax(torch.neg(input), dim0, dtype0)
  return ret
def rrelu(input: Tensor,
    lower: float=0.125,
    upper: float=0.33333333333333331,
    training: bool=False,
    inplace: bool=False) -> Tensor:
  if inplace:
    result = torch.rrelu_(input, lower, upper, training)
  else:
    result = torch.rrelu(input, lower, upper, training)
  return result
def dropout(input: Tensor,
    p: float=0.5,
    training: bool=True,
    inplace: bool=False) -> Tensor:
  _0 = "dropout probability has to be between 0 and 1, but got {}"
  if torch.lt(p, 0.):
    _1 = True
  else:
    _1 = torch.gt(p, 1.)
  if _1:
    ops.prim.RaiseException(torch.format(_0, p), "builtins.ValueError")
  else:
    pass
  if inplace:
    _2 = torch.dropout_(input, p, training)
  else:
    _2 = torch.dropout(input, p, training)
  return _2
def dropout2d(input: Tensor,
    p: float=0.5,
    training: bool=True,
    inplace: bool=False) -> Tensor:
  inp_dim = torch.dim(input)
  if torch.__contains__([3, 4], inp_dim):
    pass
  else:
    torch.warn("dropout2d: Received a {}-D input to dropout2d, which is deprecated", 2)
  if torch.eq(inp_dim, 3):
    torch.warn("dropout2d: Received a 3D input to dropout2d and assuming that channel-wise 1D dropout behavior is desired", 2)
  else:
    pass
  if inplace:
    result = torch.feature_dropout_(input, p, training)
  else:
    result = torch.feature_dropout(input, p, training)
  return result
def dropout3d(input: Tensor,
    p: float=0.5,
    training: bool=True,
    inplace: bool=False) -> Tensor:
  inp_dim = torch.dim(input)
  is_batched = torch.eq(inp_dim, 5)
  if torch.__not__(is_batched):
    if inplace:
      input1 = torch.unsqueeze_(input, 0)
    else:
      input1 = torch.unsqueeze(input, 0)
    input0 = input1
  else:
    input0 = input
  if inplace:
    result = torch.feature_dropout_(input0, p, training)
  else:
    result = torch.feature_dropout(input0, p, training)
  if torch.__not__(is_batched):
    if inplace:
      result1 = torch.squeeze_(result, 0)
    else:
      result1 = torch.squeeze(result, 0)
    result0 = result1
  else:
    result0 = result
  return result0
def _max_pool2d(input: Tensor,
    kernel_size: List[int],
    stride: Optional[List[int]]=None,
    padding: List[int]=[0, 0],
    dilation: List[int]=[1, 1],
    ceil_mode: bool=False,
    return_indices: bool=False) -> Tensor:
  if torch.__is__(stride, None):
    stride0 = annotate(List[int], [])
  else:
    stride0 = unchecked_cast(List[int], stride)
  _0 = torch.max_pool2d(input, kernel_size, stride0, padding, dilation, ceil_mode)
  return _0
def lp_pool2d(input: Tensor,
    norm_type: float,
    kernel_size: List[int],
    stride: Optional[List[int]]=None,
    ceil_mode: bool=False) -> Tensor:
  kw, kh, = kernel_size
  if torch.__isnot__(stride, None):
    stride0 = unchecked_cast(List[int], stride)
    out0 = torch.avg_pool2d(torch.pow(input, norm_type), kernel_size, stride0, [0], ceil_mode)
    out = out0
  else:
    out1 = torch.avg_pool2d(torch.pow(input, norm_type), kernel_size, annotate(List[int], []), [0], ceil_mode)
    out = out1
  _0 = torch.sign(out)
  _1 = torch.relu(torch.abs(out))
  _2 = torch.mul(torch.mul(_0, _1), torch.mul(kw, kh))
  return torch.pow(_2, torch.div(1., norm_type))
def adaptive_avg_pool2d(input: Tensor,
    output_size: List[int]) -> Tensor:
  _0 = torch.gt(torch.len(torch.size(input)), torch.len(output_size))
  if _0:
    pass
  else:
    ops.prim.RaiseException("AssertionError: ")
  _1 = torch.adaptive_avg_pool2d(input, output_size)
  return _1
def _adaptive_max_pool2d(input: Tensor,
    output_size: List[int],
    return_indices: bool=False) -> Tensor:
  _0, _1 = torch.adaptive_max_pool2d(input, output_size)
  return _0
def _pad(input: Tensor,
    pad: List[int],
    mode: str="constant",
    value: float=0.) -> Tensor:
  _0 = torch.eq(torch.remainder(torch.len(pad), 2), 0)
  if _0:
    pass
  else:
    ops.prim.RaiseException("AssertionError: Padding length must be divisible by 2")
  _1 = torch.floordiv(torch.len(pad), 2)
  _2 = torch.le(_1, torch.dim(input))
  if _2:
    pass
  else:
    ops.prim.RaiseException("AssertionError: Padding length too large")
  if torch.eq(mode, "constant"):
    _3 = torch.constant_pad_nd(input, pad, value)
  else:
    if torch.eq(torch.dim(input), 3):
      _6 = torch.eq(torch.len(pad), 2)
      if _6:
        pass
      else:
        ops.prim.RaiseException("AssertionError: 3D tensors expect 2 values for padding")
      if torch.eq(mode, "reflect"):
        _7 = torch.reflection_pad1d(input, pad)
      else:
        if torch.eq(mode, "replicate"):
          _8 = torch.replication_pad1d(input, pad)
        else:
          ops.prim.RaiseException("not implemented", "builtins.NotImplementedError")
          _8 = input
        _7 = _8
      _5 = _7
    else:
      if torch.eq(torch.dim(input), 4):
        _10 = torch.eq(torch.len(pad), 4)
        if _10:
          pass
        else:
          ops.prim.RaiseException("AssertionError: 4D tensors expect 4 values for padding")
        if torch.eq(mode, "reflect"):
          _11 = torch.reflection_pad2d(input, pad)
        else:
          if torch.eq(mode, "replicate"):
            _12 = torch.replication_pad2d(input, pad)
          else:
            ops.prim.RaiseException("not implemented", "builtins.NotImplementedError")
            _12 = input
          _11 = _12
        _9 = _11
      else:
        ops.prim.RaiseException("Only 3D, 4D padding with non-constant padding are supported for now", "builtins.NotImplementedError")
        _9 = input
      _5 = _9
    _3 = _5
  return _3
def interpolate(input: Tensor,
    size: Optional[int]=None,
    scale_factor: Optional[List[float]]=None,
    mode: str="nearest",
    align_corners: Optional[bool]=None,
    recompute_scale_factor: Optional[bool]=None,
    antialias: bool=False) -> Tensor:
  _0 = "align_corners option can only be set with the interpolating modes: linear | bilinear | bicubic | trilinear"
  _1 = "only one of size or scale_factor should be defined"
  if torch.__contains__(["nearest", "area", "nearest-exact"], mode):
    if torch.__isnot__(align_corners, None):
      ops.prim.RaiseException(_0, "builtins.ValueError")
      align_corners1 = align_corners
    else:
      align_corners1 = align_corners
    align_corners0 = align_corners1
  else:
    if torch.__is__(align_corners, None):
      align_corners2 = False
    else:
      align_corners2 = unchecked_cast(bool, align_corners)
    align_corners0 = align_corners2
  dim = torch.sub(torch.dim(input), 2)
  if torch.__isnot__(size, None):
    _2 = torch.__isnot__(scale_factor, None)
  else:
    _2 = False
  if _2:
    ops.prim.RaiseException(_1, "builtins.ValueError")
  else:
    pass
  output_size = annotate(Optional[List[int]], None)
  scale_factors = annotate(Optional[List[float]], None)
  if torch.__isnot__(size, None):
    size0 = unchecked_cast(int, size)
    output_size1 = annotate(List[int], [])
    for _3 in range(dim):
      _4 = torch.append(output_size1, size0)
    output_size0 = annotate(Optional[List[int]], output_size1)
    scale_factors0 = scale_factors
  else:
    if torch.__isnot__(scale_factor, None):
      scale_factor0 = unchecked_cast(List[float], scale_factor)
      _5 = torch.ne(torch.len(scale_factor0), dim)
      if _5:
        ops.prim.RaiseException("scale_factor must match the spatial dimensions of the input", "builtins.ValueError")
      else:
        pass
      scale_factors1 = annotate(Optional[List[float]], scale_factor0)
    else:
      ops.prim.RaiseException("either size or scale_factor should be defined", "builtins.ValueError")
      scale_factors1 = scale_factors
    output_size0, scale_factors0 = output_size, scale_factors1
  if torch.eq(torch.dim(input), 3):
    _6 = torch.eq(mode, "nearest")
  else:
    _6 = False
  if _6:
    _7 = torch.upsample_nearest1d(input, output_size0, scale_factors0)
  else:
    if torch.eq(torch.dim(input), 4):
      _8 = torch.eq(mode, "nearest")
    else:
      _8 = False
    if _8:
      _9 = torch.upsample_nearest2d(input, output_size0, scale_factors0)
    else:
      if torch.eq(torch.dim(input), 4):
        _10 = torch.eq(mode, "bilinear")
      else:
        _10 = False
      if _10:
        if torch.__isnot__(align_corners0, None):
          align_corners3 = unchecked_cast(bool, align_corners0)
        else:
          ops.prim.RaiseException("AssertionError: ")
          align_corners3 = False
        _11 = torch.upsample_bilinear2d(input, output_size0, align_corners3, scale_factors0)
      else:
        ops.prim.RaiseException("Input Error", "builtins.NotImplementedError")
        _11 = input
      _9 = _11
    _7 = _9
  return _7
