using System.Buffers.Binary;
using Mfn.Contracts.V1;

namespace Mfn.Client;

/// <summary>Reads the cells of a field message.</summary>
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
}
