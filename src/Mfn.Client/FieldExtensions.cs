using System.Buffers.Binary;
using Google.Protobuf;
using Mfn.Contracts.V1;

namespace Mfn.Client;

/// <summary>Reads and makes field messages.</summary>
public static class FieldExtensions
{
    /// <summary>
    /// The cells in their unit, volts of a potential and its own of a species, row-major; single-precision cells are widened exactly, quantised ones are those
    /// of their levels.
    /// </summary>
    /// <exception cref="InvalidDataException">The encoding is unknown, or the bytes are not as many as the cells need.</exception>
    public static double[] ToCells(this Field field)
    {
        ArgumentNullException.ThrowIfNull(field);
        field.CheckLength();
        var bytes = field.Values.Span;
        var (quantum, firstLevel) = (field.SpeciesQuantum > 0 ? field.SpeciesQuantum : field.QuantumVolts, field.FirstLevel);
        var cells = new double[bytes.Length / field.CellSize()];
        for (var i = 0; i < cells.Length; i++)
        {
            cells[i] = field.Encoding switch
            {
                FieldEncoding.Float64 => BinaryPrimitives.ReadDoubleLittleEndian(bytes[(i * sizeof(double))..]),
                FieldEncoding.Float32 => BinaryPrimitives.ReadSingleLittleEndian(bytes[(i * sizeof(float))..]),
                FieldEncoding.Quantized16 => (firstLevel + BinaryPrimitives.ReadUInt16LittleEndian(bytes[(i * sizeof(ushort))..])) * quantum,
                _ => (firstLevel + bytes[i]) * quantum,
            };
        }

        return cells;
    }

    /// <summary>A field message of double-precision cells, in the unit that they are in.</summary>
    /// <exception cref="ArgumentException">The values are not as many as the cells.</exception>
    public static Field ToField(this ReadOnlySpan<double> cells, int rowCount, int columnCount)
    {
        if (cells.Length != (long)rowCount * columnCount)
        {
            throw new ArgumentException($"A {rowCount} x {columnCount} field needs as many values, but got {cells.Length}.", nameof(cells));
        }

        var bytes = new byte[cells.Length * sizeof(double)];
        for (var i = 0; i < cells.Length; i++)
        {
            BinaryPrimitives.WriteDoubleLittleEndian(bytes.AsSpan(i * sizeof(double)), cells[i]);
        }

        return new Field { Rows = rowCount, Columns = columnCount, Encoding = FieldEncoding.Float64, Values = UnsafeByteOperations.UnsafeWrap(bytes) };
    }

    /// <summary>Bytes of a cell.</summary>
    /// <exception cref="InvalidDataException">The encoding is unknown.</exception>
    internal static int CellSize(this Field field) => field.Encoding switch
    {
        FieldEncoding.Float64 => sizeof(double),
        FieldEncoding.Float32 => sizeof(float),
        FieldEncoding.Quantized16 => sizeof(ushort),
        FieldEncoding.Quantized8 => sizeof(byte),
        _ => throw new InvalidDataException($"The field has the unknown encoding {(int)field.Encoding}."),
    };

    /// <summary>Refuses a field whose bytes are not as many as its cells need.</summary>
    /// <exception cref="InvalidDataException">They are not, or the encoding is unknown.</exception>
    internal static void CheckLength(this Field field)
    {
        var cellSize = field.CellSize();
        var (cellCount, rest) = Math.DivRem(field.Values.Length, cellSize);
        if (field.Rows < 1 || field.Columns < 1 || rest != 0 || cellCount != (long)field.Rows * field.Columns)
        {
            throw new InvalidDataException(
                $"A {field.Rows} x {field.Columns} field of {cellSize}-byte cells cannot have {field.Values.Length} bytes.");
        }
    }
}
