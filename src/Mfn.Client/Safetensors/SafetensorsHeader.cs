using System.Buffers.Binary;
using System.Text;
using System.Text.Json;
using Mfn.Client.Arrays;

namespace Mfn.Client.Safetensors;

/// <summary>What a safetensors file says of its tensors.</summary>
/// <param name="Tensors">In the order of their names, byte by byte.</param>
/// <param name="DataLength">Bytes of data behind the header, all of which belong to tensors.</param>
internal sealed record SafetensorsHeader(IReadOnlyList<Tensor> Tensors, long DataLength)
{
    /// <summary>The format's limit of a header, in bytes.</summary>
    public const int Longest = 100_000_000;

    private const string Metadata = "__metadata__";
    private const string AllowedTypes = "F64, F32, F16 or BF16";
    private const int MostAxes = 64;
    private const int PieceLength = 1 << 16;

    /// <summary>Names for a message, the first ones if they are many.</summary>
    public string Names => string.Join(", ", Tensors.Take(20).Select(tensor => tensor.Name)) + (Tensors.Count > 20 ? ", …" : "");

    /// <summary>Reads the header, and leaves the stream where the data begin.</summary>
    /// <exception cref="InvalidDataException">It is no header, or of tensors that cannot be used.</exception>
    public static SafetensorsHeader Read(ArrayFile file)
    {
        if (!SafetensorsReader.IsHeader(file.Prefix))
        {
            throw file.Refuse($"it is not a safetensors file: it must begin with a header's length, of at most {Longest} bytes.");
        }

        var text = ReadText(file, (int)BinaryPrimitives.ReadUInt64LittleEndian(file.Prefix));
        if (text.Span[0] != '{')
        {
            throw file.Refuse("it is neither an NPY file, nor an .npz archive, nor a safetensors file.");
        }

        try
        {
            using var json = JsonDocument.Parse(text, new JsonDocumentOptions { MaxDepth = 4, AllowDuplicateProperties = false });
            var tensors = json.RootElement.EnumerateObject()
                .Where(property => property.Name != Metadata || !IsMetadata(file, property.Value))
                .Select(property => ReadTensor(file, property.Name, property.Value))
                .ToList();
            var length = CheckOffsets(file, tensors);
            return new SafetensorsHeader([.. tensors.OrderBy(tensor => Encoding.UTF8.GetBytes(tensor.Name), ByBytes)], length);
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException)
        {
            // The latter of a text with half of a surrogate pair.
            throw file.Refuse($"its header is not JSON of tensors: {error.Message}", error);
        }
    }

    /// <summary>Takes memory as text comes, not as its length promises.</summary>
    private static ReadOnlyMemory<byte> ReadText(ArrayFile file, int length)
    {
        using var text = new MemoryStream(Math.Min(length, PieceLength));
        var piece = new byte[Math.Min(length, PieceLength)];
        while (text.Length < length)
        {
            var count = file.Stream.Read(piece, 0, (int)Math.Min(piece.Length, length - text.Length));
            if (count == 0)
            {
                throw file.Refuse($"it ends within its header of {length} bytes.");
            }

            text.Write(piece, 0, count);
        }

        return text.GetBuffer().AsMemory(0, length);
    }

    private static bool IsMetadata(ArrayFile file, JsonElement value) =>
        value.ValueKind == JsonValueKind.Object && value.EnumerateObject().All(entry => entry.Value.ValueKind == JsonValueKind.String)
            ? true
            : throw file.Refuse($"its {Metadata} must have strings alone.");

    private static Tensor ReadTensor(ArrayFile file, string name, JsonElement value)
    {
        if (value.ValueKind != JsonValueKind.Object
            || !value.TryGetProperty("dtype", out var type) || type.ValueKind != JsonValueKind.String
            || !value.TryGetProperty("shape", out var shape) || ReadNumbers(shape) is not { } extents
            || !value.TryGetProperty("data_offsets", out var offsets) || ReadNumbers(offsets) is not [var begin, var end])
        {
            throw file.Refuse($"its tensor '{name}' must have a dtype, a shape of at most {MostAxes} extents and two data_offsets.");
        }

        ElementKind kind = type.GetString() switch
        {
            "F64" => ElementKind.Float64,
            "F32" => ElementKind.Float32,
            "F16" => ElementKind.Float16,
            "BF16" => ElementKind.BFloat16,
            var other => throw file.Refuse($"its tensor '{name}' must be {AllowedTypes}, but is {other}."),
        };
        var tensor = new Tensor(name, new ElementType(kind, IsBigEndian: false), extents, file.CountCells(extents, $"the shape of its tensor '{name}'"), begin);
        return tensor.End == end
            ? tensor
            : throw file.Refuse($"its tensor '{name}' needs {tensor.End - begin} bytes, but has the data_offsets {begin} and {end}.");
    }

    private static List<long>? ReadNumbers(JsonElement value)
    {
        if (value.ValueKind != JsonValueKind.Array || value.GetArrayLength() > MostAxes)
        {
            return null;
        }

        var numbers = new List<long>();
        foreach (var element in value.EnumerateArray())
        {
            if (element.ValueKind != JsonValueKind.Number || !element.TryGetInt64(out var number) || number is < 0 or > 1L << 53)
            {
                return null;
            }

            numbers.Add(number);
        }

        return numbers;
    }

    /// <summary>The tensors must lie one after the other, from the first byte on, each byte in one of them; returns where the last ends.</summary>
    private static long CheckOffsets(ArrayFile file, IEnumerable<Tensor> tensors)
    {
        var end = 0L;
        foreach (var tensor in tensors.OrderBy(tensor => tensor.Offset).ThenBy(tensor => tensor.End))
        {
            if (tensor.Offset != end)
            {
                throw file.Refuse($"its tensor '{tensor.Name}' begins at byte {tensor.Offset}, {(tensor.Offset < end ? "within another tensor" : "after a hole")}: the one before it ends at {end}.");
            }

            end = tensor.End;
        }

        return end;
    }

    private static readonly Comparer<byte[]> ByBytes = Comparer<byte[]>.Create((left, right) => left.AsSpan().SequenceCompareTo(right));
}
