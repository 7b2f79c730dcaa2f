"""Between two noises, along the sphere on which noise lives."""

import torch

NEARLY_PARALLEL = 0.9995  # cosine; beyond it the arc is a line, and its sine no divisor


def slerp(start: torch.Tensor, end: torch.Tensor, share: float) -> torch.Tensor:
    """Turn latents towards others; on a straight line between them noise would lose its variance.

    Args:
        start: (1, C, H/8, W/8), what share 0 gives, exactly.
        end: Same shape, what share 1 gives, exactly.
        share: 0 to 1, how much of the angle is gone.

    Source: Shoemake 1985, "Animating rotation with quaternion curves", the angle taken over all
    values at once.
    """
    one, other = start.float(), end.float()
    cosine = torch.nn.functional.cosine_similarity(one.flatten(), other.flatten(), dim=0)
    if cosine.abs() > NEARLY_PARALLEL:
        return torch.lerp(one, other, share).to(start.dtype)
    angle = torch.acos(cosine)
    start_weight = torch.sin((1 - share) * angle) / torch.sin(angle)
    end_weight = torch.sin(share * angle) / torch.sin(angle)
    return (start_weight * one + end_weight * other).to(start.dtype)
