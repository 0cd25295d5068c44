using System.Buffers.Binary;
using Google.Protobuf;
using Mfn.Contracts.V1;

namespace Mfn.Client;

/// <summary>Reads and makes field messages.</summary>
public static class FieldExtensions
{
    /// <summary>The cells in volts, row-major; single-precision cells are widened exactly.</summary>
    /// <exception cref="InvalidDataException">The encoding is unknown, or the bytes are not as many as the cells need.</exception>
    public static double[] ToVolts(this Field field)
    {
        ArgumentNullException.ThrowIfNull(field);
        var cellSize = field.Encoding switch
        {
            FieldEncoding.Float64 => sizeof(double),
            FieldEncoding.Float32 => sizeof(float),
            _ => throw new InvalidDataException($"The field has the unknown encoding {(int)field.Encoding}."),
        };
        var expectedLength = (long)field.Rows * field.Columns * cellSize;
        if (field.Rows < 1 || field.Columns < 1 || field.Values.Length != expectedLength)
        {
            throw new InvalidDataException(
                $"A {field.Rows} x {field.Columns} field of {cellSize}-byte cells cannot have {field.Values.Length} bytes.");
        }

        var bytes = field.Values.Span;
        var cells = new double[bytes.Length / cellSize];
        for (var i = 0; i < cells.Length; i++)
        {
            cells[i] = cellSize == sizeof(double)
                ? BinaryPrimitives.ReadDoubleLittleEndian(bytes[(i * cellSize)..])
                : BinaryPrimitives.ReadSingleLittleEndian(bytes[(i * cellSize)..]);
        }

        return cells;
    }

    /// <summary>A field message of double-precision cells.</summary>
    /// <exception cref="ArgumentException">The values are not as many as the cells.</exception>
    public static Field ToField(this ReadOnlySpan<double> volts, int rowCount, int columnCount)
    {
        if (volts.Length != (long)rowCount * columnCount)
        {
            throw new ArgumentException($"A {rowCount} x {columnCount} field needs as many values, but got {volts.Length}.", nameof(volts));
        }

        var bytes = new byte[volts.Length * sizeof(double)];
        for (var i = 0; i < volts.Length; i++)
        {
            BinaryPrimitives.WriteDoubleLittleEndian(bytes.AsSpan(i * sizeof(double)), volts[i]);
        }

        return new Field { Rows = rowCount, Columns = columnCount, Encoding = FieldEncoding.Float64, Values = UnsafeByteOperations.UnsafeWrap(bytes) };
    }
}
