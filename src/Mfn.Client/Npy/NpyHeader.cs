using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using Mfn.Client.Arrays;

namespace Mfn.Client.Npy;

/// <summary>What an NPY file says of its array.</summary>
/// <param name="Type">How an element is written.</param>
/// <param name="Shape">The extents, slowest first in C order.</param>
/// <param name="IsFortranOrder">Whether the first index runs fastest in the file, instead of the last.</param>
/// <param name="CellCount">The product of the extents.</param>
internal sealed record NpyHeader(ElementType Type, IReadOnlyList<int> Shape, bool IsFortranOrder, long CellCount)
{
    /// <summary>Where the data begin in the file.</summary>
    public int Length { get; private init; }

    private const int PrefixLength = 8;
    private const int LongestHeader = 1 << 16;
    private const string AllowedTypes = "float16, float32 or float64 ('<f2', '<f4', '<f8', or with '>')";

    /// <summary>Whether it is the beginning of an NPY file.</summary>
    public static bool IsMagic(ReadOnlySpan<byte> prefix) => prefix.Length == PrefixLength && prefix[0] == 0x93 && prefix[1..6].SequenceEqual("NUMPY"u8);

    /// <summary>Reads what follows the magic, and leaves the stream where the data begin.</summary>
    /// <exception cref="InvalidDataException">It is no header, or of an array that cannot be used.</exception>
    public static NpyHeader Read(ArrayFile file, ReadOnlySpan<byte> prefix, Stream stream, bool castIntegers)
    {
        if (!IsMagic(prefix))
        {
            throw file.Refuse("it is not an NPY file.");
        }

        var (major, minor) = (prefix[6], prefix[7]);
        if (major is < 1 or > 3 || minor != 0)
        {
            throw file.Refuse($"its format must be NPY 1.0, 2.0 or 3.0, but is {major}.{minor}.");
        }

        try
        {
            Span<byte> lengthBytes = stackalloc byte[major == 1 ? sizeof(ushort) : sizeof(uint)];
            stream.ReadExactly(lengthBytes);
            var length = major == 1 ? BinaryPrimitives.ReadUInt16LittleEndian(lengthBytes) : BinaryPrimitives.ReadUInt32LittleEndian(lengthBytes);
            if (length > LongestHeader)
            {
                throw file.Refuse($"its header of {length} bytes is longer than {LongestHeader}.");
            }

            var header = new byte[length];
            stream.ReadExactly(header);
            return Parse(file, (major == 3 ? Encoding.UTF8 : Encoding.Latin1).GetString(header), castIntegers) with
            {
                Length = PrefixLength + lengthBytes.Length + header.Length,
            };
        }
        catch (EndOfStreamException error)
        {
            throw file.Refuse("it ends within its header.", error);
        }
    }

    private static NpyHeader Parse(ArrayFile file, string text, bool castIntegers)
    {
        Dictionary<string, object?> values;
        try
        {
            values = new PythonDictionary(text).Read();
        }
        catch (FormatException error)
        {
            throw file.Refuse($"its header is not what numpy writes: {error.Message}", error);
        }

        if (values.Count != 3
            || !values.TryGetValue("descr", out var description)
            || values.GetValueOrDefault("fortran_order") is not bool isFortranOrder
            || values.GetValueOrDefault("shape") is not IReadOnlyList<long> shape)
        {
            throw file.Refuse("its header must have a descr, a fortran_order of True or False, a shape, and nothing else.");
        }

        if (shape.FirstOrDefault(extent => extent < 0) is var negative and < 0)
        {
            throw file.Refuse($"its shape has the extent {negative.ToString(CultureInfo.InvariantCulture)}.");
        }

        var type = ReadType(file, description as string, castIntegers);
        var count = file.CountCells(shape);
        return new NpyHeader(type, [.. shape.Select(extent => (int)Math.Min(extent, int.MaxValue))], isFortranOrder, count);
    }

    private static ElementType ReadType(ArrayFile file, string? description, bool castIntegers)
    {
        if (description is null)
        {
            throw file.Refuse($"its elements must be {AllowedTypes}, but are structures of several fields. Save one field as an array of its own.");
        }

        var order = description.Length > 0 && description[0] is '<' or '>' or '|' or '=' ? description[0] : '=';
        ElementKind? kind = description.TrimStart('<', '>', '|', '=') switch
        {
            "f2" => ElementKind.Float16,
            "f4" => ElementKind.Float32,
            "f8" => ElementKind.Float64,
            "b1" => ElementKind.Bool,
            "i1" => ElementKind.Int8,
            "i2" => ElementKind.Int16,
            "i4" => ElementKind.Int32,
            "i8" => ElementKind.Int64,
            "u1" => ElementKind.UInt8,
            "u2" => ElementKind.UInt16,
            "u4" => ElementKind.UInt32,
            "u8" => ElementKind.UInt64,
            _ => null,
        };
        if (kind is null || (order == '|' && kind is not (ElementKind.Bool or ElementKind.Int8 or ElementKind.UInt8)))
        {
            var what = description.TrimStart('|') == "O" ? "Python objects" : $"'{description}'";
            throw file.Refuse($"its elements must be {AllowedTypes}, but are {what}.");
        }

        var type = new ElementType(kind.Value, order == '>' || (order == '=' && !BitConverter.IsLittleEndian));
        if (type.IsInteger && !castIntegers)
        {
            throw file.Refuse($"its elements must be {AllowedTypes}, but are integers ('{description}'), which must be cast explicitly (castIntegers; --cast of mfn).");
        }

        return type;
    }
}
