using System.Buffers;
using System.Buffers.Binary;
using System.Globalization;
using System.IO.Pipelines;
using System.Text;
using System.Text.RegularExpressions;
using Mfn.Server.Calls;
using Mfn.Server.Texts;

namespace Mfn.Server.Web;

/// <summary>What an array in numpy's NPY format says of itself, before its cells.</summary>
/// <param name="Shape">The extents, slowest first.</param>
/// <param name="CellBytes">Bytes of a cell, which is a little-endian IEEE number: 4 or 8.</param>
/// <remarks>The format: https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html</remarks>
internal sealed partial record NpyHeader(IReadOnlyList<int> Shape, int CellBytes)
{
    private const int Alignment = 64;
    private const int LongestText = 4096;
    private const int LengthAt = 8;
    private const string What = "The body must be an array in the NPY format";

    private static ReadOnlySpan<byte> Magic => [0x93, (byte)'N', (byte)'U', (byte)'M', (byte)'P', (byte)'Y'];

    /// <summary>Reads a header, and leaves the cells.</summary>
    /// <exception cref="CallRefusedException">It is none, or of an array that cannot be used.</exception>
    public static async ValueTask<NpyHeader> ReadAsync(PipeReader from, CancellationToken cancellationToken)
    {
        while (true)
        {
            var read = await from.ReadAsync(cancellationToken);
            var (consumed, examined) = (read.Buffer.Start, read.Buffer.End);
            try
            {
                if (TryParse(read.Buffer, read.IsCompleted, out var header, out var end))
                {
                    (consumed, examined) = (end, end);
                    return header;
                }
            }
            finally
            {
                // Of what is refused too: the connection could not be used again in the midst of a read.
                from.AdvanceTo(consumed, examined);
            }
        }
    }

    /// <summary>What comes before the cells.</summary>
    public byte[] ToBytes()
    {
        // A Python tuple: one extent needs its comma.
        var extents = string.Join(", ", Shape.Select(extent => extent.ToString(CultureInfo.InvariantCulture)));
        var text = $"{{'descr': '<f{CellBytes}', 'fortran_order': False, 'shape': ({extents}{(Shape.Count == 1 ? "," : "")}), }}";
        var textAt = LengthAt + sizeof(ushort);
        var header = new byte[(textAt + text.Length + 1 + Alignment - 1) / Alignment * Alignment];
        header.AsSpan().Fill((byte)' ');
        Magic.CopyTo(header);
        (header[Magic.Length], header[Magic.Length + 1]) = (1, 0);
        BinaryPrimitives.WriteUInt16LittleEndian(header.AsSpan(LengthAt), (ushort)(header.Length - textAt));
        Encoding.ASCII.GetBytes(text, header.AsSpan(textAt));
        header[^1] = (byte)'\n';
        return header;
    }

    private static bool TryParse(ReadOnlySequence<byte> bytes, bool isAll, out NpyHeader header, out SequencePosition end)
    {
        (header, end) = (null!, default);
        Span<byte> prefix = stackalloc byte[LengthAt + sizeof(uint)];
        prefix = prefix[..(int)Math.Min(prefix.Length, bytes.Length)];
        bytes.Slice(0, prefix.Length).CopyTo(prefix);
        if (!prefix.StartsWith(Magic[..Math.Min(Magic.Length, prefix.Length)]))
        {
            throw Refuse("but does not begin as one does");
        }

        if (prefix.Length < LengthAt + sizeof(uint))
        {
            return isAll ? throw Refuse("but ends within its header") : false;
        }

        var major = prefix[Magic.Length];
        if (major is < 1 or > 3)
        {
            throw Refuse($"of version 1.0, 2.0 or 3.0, but is of version {major}.{prefix[Magic.Length + 1]}");
        }

        var textAt = LengthAt + (major == 1 ? sizeof(ushort) : sizeof(uint));
        var length = major == 1 ? BinaryPrimitives.ReadUInt16LittleEndian(prefix[LengthAt..]) : BinaryPrimitives.ReadUInt32LittleEndian(prefix[LengthAt..]);
        if (length > LongestText)
        {
            throw Refuse($"with a header of at most {LongestText} bytes, but has {length}");
        }

        if (bytes.Length < textAt + length)
        {
            return isAll ? throw Refuse("but ends within its header") : false;
        }

        header = Parse(Encoding.Latin1.GetString(bytes.Slice(textAt, length)));
        end = bytes.GetPosition(textAt + length);
        return true;
    }

    private static NpyHeader Parse(string text)
    {
        var (type, order, shape) = (TypeForm().Match(text), OrderForm().Match(text), ShapeForm().Match(text));
        if (!type.Success || !order.Success || !shape.Success)
        {
            throw Refuse("but its header has no descr, fortran_order and shape as numpy writes them");
        }

        var extents = shape.Groups[1].Value.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        if (!extents.All(extent => int.TryParse(extent, NumberStyles.None, CultureInfo.InvariantCulture, out _)))
        {
            throw Refuse($"with extents of at most {int.MaxValue}, but has the shape ({CallersText.Show(shape.Groups[1].Value, CallersText.LongestQuote)})");
        }

        var header = new NpyHeader([.. extents.Select(extent => int.Parse(extent, NumberStyles.None, CultureInfo.InvariantCulture))], type.Groups[1].Value == "<f4" ? sizeof(float) : sizeof(double));
        if (type.Groups[1].Value is not ("<f4" or "<f8"))
        {
            throw Refuse($"of '<f4' or '<f8', but is of {CallersText.Quote(type.Groups[1].Value)}");
        }

        // With one axis of several cells both orders are the same.
        return order.Groups[1].Value == "True" && header.Shape.Count(extent => extent > 1) > 1
            ? throw Refuse("in C order, but is in Fortran's: numpy.ascontiguousarray changes it")
            : header;
    }

    private static CallRefusedException Refuse(string reason) => CallRefusedException.Unreadable($"{What}{(reason.StartsWith("but", StringComparison.Ordinal) ? "," : "")} {reason}.");

    [GeneratedRegex(@"['""]descr['""]\s*:\s*['""]([^'""]*)['""]", RegexOptions.CultureInvariant)]
    private static partial Regex TypeForm();

    [GeneratedRegex(@"['""]fortran_order['""]\s*:\s*(True|False)", RegexOptions.CultureInvariant)]
    private static partial Regex OrderForm();

    [GeneratedRegex(@"['""]shape['""]\s*:\s*\(([0-9,L\s]*)\)", RegexOptions.CultureInvariant)]
    private static partial Regex ShapeForm();
}
