using System.Runtime.InteropServices;
using Mfn.Core.Simulation;

namespace Mfn.Server.Frames;

/// <summary>A field as the bytes of one encoding: row-major, little-endian.</summary>
internal readonly record struct EncodedField(int RowCount, int ColumnCount, CellEncoding Encoding, ReadOnlyMemory<byte> Bytes)
{
    /// <summary>Distance of two neighbouring levels in the unit of the cells; 0 unless quantised.</summary>
    public double Quantum { get; init; }

    /// <summary>The level that 0 stands for, in quanta; 0 unless quantised.</summary>
    public long FirstLevel { get; init; }

    /// <summary>No decoded cell is further from the computed one, in their unit; 0 where nobody asked for it.</summary>
    public double LargestError { get; init; }

    /// <summary>The bytes that the given number of cells take.</summary>
    public static int ByteCount(int cellCount, CellEncoding encoding) => cellCount * CellSize(encoding);

    /// <summary>The bytes that a cell takes; 0 if there is no field.</summary>
    public static int CellSize(CellEncoding encoding) => encoding switch
    {
        CellEncoding.Float64 => sizeof(double),
        CellEncoding.Float32 => sizeof(float),
        CellEncoding.Quantized16 => sizeof(ushort),
        CellEncoding.Quantized8 => sizeof(byte),
        _ => 0,
    };

    /// <summary>Whether the cells are a potential's, in volts, and not those of a species in its unit.</summary>
    public bool IsPotential { get; init; } = true;

    /// <summary>Writes a field of a run to <paramref name="destination"/>, which must have room for just it; singles as they are.</summary>
    public static EncodedField Encode(SimulationEngine engine, int species, CellEncoding encoding, Memory<byte> destination)
    {
        var (rowCount, columnCount) = (engine.Spec.RowCount, engine.Spec.ColumnCount);
        var singles = engine.SpeciesSingles(species);
        var field = encoding == CellEncoding.Float32 && !singles.IsEmpty
            ? OfSingles(singles, rowCount, columnCount, destination)
            : Encode(engine.Species(species), rowCount, columnCount, encoding, destination);
        return field with { IsPotential = engine.Spec.IsPotential(species) };
    }

    /// <summary>Copies cells that are singles to <paramref name="destination"/>, which must have room for just them.</summary>
    public static EncodedField OfSingles(ReadOnlySpan<float> cells, int rowCount, int columnCount, Memory<byte> destination)
    {
        MemoryMarshal.AsBytes(cells).CopyTo(destination.Span);
        return new EncodedField(rowCount, columnCount, CellEncoding.Float32, destination);
    }

    /// <summary>Writes the cells of a field as floating-point numbers to <paramref name="destination"/>, which must have room for just them.</summary>
    public static EncodedField Encode(ReadOnlySpan<double> cells, int rowCount, int columnCount, CellEncoding encoding, Memory<byte> destination)
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
                throw new ArgumentOutOfRangeException(nameof(encoding), encoding, "Must be a floating-point encoding.");
        }

        return new EncodedField(rowCount, columnCount, encoding, destination);
    }
}
