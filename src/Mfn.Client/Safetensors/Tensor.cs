using Mfn.Client.Arrays;

namespace Mfn.Client.Safetensors;

/// <summary>What a header says of a tensor.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Type">How an element is written.</param>
/// <param name="Shape">The extents, slowest first.</param>
/// <param name="CellCount">The product of the extents.</param>
/// <param name="Offset">Where its data begin, in bytes behind the header.</param>
internal sealed record Tensor(string Name, ElementType Type, IReadOnlyList<long> Shape, long CellCount, long Offset)
{
    /// <summary>Where its data end.</summary>
    public long End => Offset + (CellCount * Type.Size);
}
