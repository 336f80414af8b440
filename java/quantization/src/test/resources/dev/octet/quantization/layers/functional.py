def bilinear(input1: Tensor,
    input2: Tensor,
    weight: Tensor,
    bias: Optional[Tensor]=None) -> Tensor:
  return torch.bilinear(input1, input2, weight, bias)
