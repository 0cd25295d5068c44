using System.Buffers.Binary;
using Mfn.Client.Arrays;

namespace Mfn.Client.Safetensors;

/// <summary>
/// Reads a tensor of a safetensors file, or all its tensors as one array of one axis: one after the other in the order of their names, each in C order.
/// </summary>
/// <remarks>The format: https://huggingface.co/docs/safetensors</remarks>
public sealed class SafetensorsReader : ArrayReader
{
    private readonly ArrayFile _file;
    private readonly ArrayBytes _bytes;
    private readonly IReadOnlyList<Tensor> _tensors;
    private readonly long[] _firstIndexes;

    private SafetensorsReader(ArrayFile file, ArrayBytes bytes, IReadOnlyList<Tensor> tensors)
    {
        (_file, _bytes, _tensors) = (file, bytes, tensors);
        _firstIndexes = new long[tensors.Count];
        foreach (var (i, tensor) in tensors.Index())
        {
            _firstIndexes[i] = Count;
            Count += tensor.CellCount;
        }

        IReadOnlyList<long> shape = tensors.Count == 1 ? tensors[0].Shape : [Count];
        file.CountCells(shape, "the shape");
        Shape = [.. shape.Select(extent => (int)Math.Min(extent, int.MaxValue))];
        IsDouble = tensors.Any(tensor => tensor.Type.IsDouble);
    }

    /// <summary>The names of what is read, in the order in which it is read.</summary>
    public IEnumerable<string> Names => _tensors.Select(tensor => tensor.Name);

    /// <inheritdoc/>
    public override IReadOnlyList<int> Shape { get; }

    /// <inheritdoc/>
    public override bool IsDouble { get; }

    /// <inheritdoc/>
    public override long Count { get; }

    /// <summary>Opens a file of tensors of F64, F32, F16 and BF16.</summary>
    /// <param name="path">The file, for all its tensors; <c>file:name</c> for one; <c>-</c> for standard input.</param>
    /// <exception cref="ArgumentException">The path is empty.</exception>
    /// <exception cref="InvalidDataException">The file is not such a file; the message says why.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static SafetensorsReader Open(string path)
    {
        var file = ArrayFile.Open(path);
        try
        {
            return Open(file);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public override void Dispose() => _file.Dispose();

    /// <summary>Whether a file that begins so may be one of tensors: the length of a header that is not too long.</summary>
    internal static bool IsHeader(ReadOnlySpan<byte> prefix) =>
        prefix.Length == sizeof(ulong) && BinaryPrimitives.ReadUInt64LittleEndian(prefix) is > 0 and <= SafetensorsHeader.Longest;

    /// <summary>Takes over a file.</summary>
    internal static SafetensorsReader Open(ArrayFile file)
    {
        var header = SafetensorsHeader.Read(file);
        var tensors = header.Tensors;
        if (file.Member is not null)
        {
            tensors = [.. tensors.Where(tensor => tensor.Name == file.Member)];
            if (tensors.Count == 0)
            {
                throw file.Refuse($"it has no tensor '{file.Member}'. It has: {header.Names}.");
            }
        }

        if (tensors.Count == 0)
        {
            throw file.Refuse("it has no tensors.");
        }

        return new SafetensorsReader(file, new ArrayBytes(file, file.Stream, header.DataLength), tensors);
    }

    private protected override void EnsureRandomAccess() => _bytes.EnsureRandomAccess();

    private protected override void ReadElements<T>(long index, Span<T> destination)
    {
        if (index < 0 || destination.Length > Count - index)
        {
            throw new EndOfStreamException($"The tensors have {Count} cells, too few for {destination.Length} from {index} on.");
        }

        // The order of the names need not be that of the data.
        _bytes.EnsureRandomAccess();
        var found = Array.BinarySearch(_firstIndexes, index);
        for (var i = found >= 0 ? found : ~found - 1; !destination.IsEmpty; i++)
        {
            var tensor = _tensors[i];
            var first = index - _firstIndexes[i];
            var part = destination[..(int)Math.Min(destination.Length, Math.Max(0, tensor.CellCount - first))];
            ReadConsecutive(_bytes, tensor.Type, tensor.Offset + (first * tensor.Type.Size), part);
            destination = destination[part.Length..];
            index += part.Length;
        }
    }
}
