using System.Buffers.Binary;
using System.Globalization;
using Mfn.Contracts.V1;
using Mfn.Server.Pictures;

namespace Mfn.Server.Web;

/// <summary>Numbers as a client of HTTP wants them: as their bytes, as an array of numpy's, or as a picture.</summary>
/// <param name="Shape">The extents, slowest first.</param>
/// <param name="CellBytes">Bytes of a number: 4 or 8.</param>
/// <param name="Bytes">The numbers, little-endian.</param>
internal sealed record CellArray(IReadOnlyList<int> Shape, int CellBytes, ReadOnlyMemory<byte> Bytes)
{
    /// <summary>The cells of a field; quantised ones as the numbers that they stand for.</summary>
    public static CellArray Of(Field field)
    {
        int[] shape = [field.Rows, field.Columns];
        return field.Encoding switch
        {
            FieldEncoding.Float32 => new CellArray(shape, sizeof(float), field.Values.Memory),
            FieldEncoding.Float64 => new CellArray(shape, sizeof(double), field.Values.Memory),
            _ => new CellArray(shape, sizeof(double), Levels(field)),
        };
    }

    /// <summary>The numbers in a form.</summary>
    /// <param name="contentType">One of <see cref="ContentTypes.Npy"/>, <see cref="ContentTypes.Bytes"/> and, of a field, <see cref="ContentTypes.Png"/>.</param>
    public ReadOnlyMemory<byte> As(string contentType) => contentType switch
    {
        ContentTypes.Bytes => Bytes,
        ContentTypes.Npy => (byte[])[.. new NpyHeader(Shape, CellBytes).ToBytes(), .. Bytes.Span],
        _ => Draw(),
    };

    private static byte[] Levels(Field field)
    {
        var levels = field.Values.Span;
        var quantum = field.SpeciesQuantum > 0 ? field.SpeciesQuantum : field.QuantumVolts;
        var isByte = field.Encoding == FieldEncoding.Quantized8;
        var cells = new byte[levels.Length * sizeof(double) / (isByte ? sizeof(byte) : sizeof(ushort))];
        for (var i = 0; i < cells.Length / sizeof(double); i++)
        {
            var level = isByte ? levels[i] : BinaryPrimitives.ReadUInt16LittleEndian(levels[(i * sizeof(ushort))..]);
            BinaryPrimitives.WriteDoubleLittleEndian(cells.AsSpan(i * sizeof(double)), (field.FirstLevel + level) * quantum);
        }

        return cells;
    }

    private byte[] Draw()
    {
        var (low, high) = (double.PositiveInfinity, double.NegativeInfinity);
        for (var i = 0; i < Bytes.Length / CellBytes; i++)
        {
            (low, high) = (Math.Min(low, Cell(i)), Math.Max(high, Cell(i)));
        }

        var picture = new Picture(Shape[0], Shape[1]);
        for (var row = 0; row < picture.RowCount; row++)
        {
            var pixels = picture.Row(row);
            for (var column = 0; column < pixels.Length; column++)
            {
                pixels[column] = Picture.PixelOf(Cell((row * pixels.Length) + column), low, high);
            }
        }

        using var file = new MemoryStream();
        PngFile.Write(file, picture, [("Range", string.Create(CultureInfo.InvariantCulture, $"{low:G6} to {high:G6}"))]);
        return file.ToArray();
    }

    private double Cell(int i) => CellBytes == sizeof(float)
        ? BinaryPrimitives.ReadSingleLittleEndian(Bytes.Span[(i * sizeof(float))..])
        : BinaryPrimitives.ReadDoubleLittleEndian(Bytes.Span[(i * sizeof(double))..]);
}
