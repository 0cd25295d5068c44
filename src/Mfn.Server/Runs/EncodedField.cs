using System.Runtime.InteropServices;
using Mfn.Core.Simulation;

namespace Mfn.Server.Runs;

/// <summary>A field as the bytes of one encoding: row-major, little-endian.</summary>
internal readonly record struct EncodedField(int RowCount, int ColumnCount, CellEncoding Encoding, ReadOnlyMemory<byte> Bytes)
{
    /// <summary>The bytes that the given number of cells take.</summary>
    public static int ByteCount(int cellCount, CellEncoding encoding) => encoding switch
    {
        CellEncoding.Float64 => cellCount * sizeof(double),
        CellEncoding.Float32 => cellCount * sizeof(float),
        _ => 0,
    };

    /// <summary>Writes a run's potential to <paramref name="destination"/>, which must have room for just it; singles as they are.</summary>
    public static EncodedField Encode(SimulationEngine engine, CellEncoding encoding, Memory<byte> destination)
    {
        if (encoding != CellEncoding.Float32 || engine.PotentialSingles.IsEmpty)
        {
            return Encode(engine.Potential, engine.Spec.GridSize, encoding, destination);
        }

        MemoryMarshal.AsBytes(engine.PotentialSingles).CopyTo(destination.Span);
        return new EncodedField(engine.Spec.GridSize, engine.Spec.GridSize, encoding, destination);
    }

    /// <summary>Writes the cells of a square field to <paramref name="destination"/>, which must have room for just them.</summary>
    public static EncodedField Encode(ReadOnlySpan<double> cells, int gridSize, CellEncoding encoding, Memory<byte> destination)
    {
        switch (encoding)
        {
            case CellEncoding.Float64:
                MemoryMarshal.AsBytes(cells).CopyTo(destination.Span);
                break;
            case CellEncoding.Float32:
                CellConversion.Narrow(cells, MemoryMarshal.Cast<byte, float>(destination.Span));
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(encoding), encoding, "Only a field that is wanted has bytes.");
        }

        return new EncodedField(gridSize, gridSize, encoding, destination);
    }
}
