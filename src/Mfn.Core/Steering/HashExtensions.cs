using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Mfn.Core.Kinetics;
using Mfn.Core.Simulation;

namespace Mfn.Core.Steering;

/// <summary>Adds numbers to a hash, each as eight little-endian bytes.</summary>
internal static class HashExtensions
{
    public static void Append(this IncrementalHash hash, long value)
    {
        Span<byte> bytes = stackalloc byte[sizeof(long)];
        BinaryPrimitives.WriteInt64LittleEndian(bytes, value);
        hash.AppendData(bytes);
    }

    public static void Append(this IncrementalHash hash, double value) => hash.Append(BitConverter.DoubleToInt64Bits(value));

    public static void Append(this IncrementalHash hash, string name)
    {
        hash.Append(name.Length);
        hash.AppendData(System.Text.Encoding.UTF8.GetBytes(name));
    }

    public static void Append(this IncrementalHash hash, ReadOnlySpan<double> values)
    {
        hash.Append(values.Length);
        hash.AppendData(MemoryMarshal.AsBytes(values));
    }

    /// <summary>All of a spec that decides how a simulation evolves; not where it stops.</summary>
    public static void Append(this IncrementalHash hash, SimulationSpec spec)
    {
        hash.Append((long)spec.Variant);
        hash.Append((long)spec.Precision);
        hash.Append(spec.GridSize);
        hash.Append(unchecked((long)spec.Seed));
        hash.Append(spec.Alpha);
        hash.Append(spec.SpikeProbability);
        hash.Append(spec.IsTuringEnabled ? 1 : 0);
        hash.Append(spec.TuringThreshold);
        hash.Append(spec.TuringIncrement);
        hash.Append(spec.IsJitterEnabled ? 1 : 0);
        hash.Append(spec.JitterVariance);
        hash.Append((long)spec.Boundary);
        hash.Append(spec.ActivatorDiffusion);
        hash.Append(spec.InhibitorDiffusion);
        hash.Append(spec.ActivatorRate);
        hash.Append(spec.InhibitorRate);
        if (spec.Pattern is { } pattern)
        {
            hash.Append(pattern);
        }
    }

    /// <summary>All of a pattern that decides how it evolves: not what only says how it is seen, or what it was allowed.</summary>
    private static void Append(this IncrementalHash hash, PatternSpec pattern)
    {
        hash.Append(pattern.Kinetics.Model.Name);
        hash.Append(pattern.Kinetics.Values.AsSpan());
        hash.Append(pattern.RowCount);
        hash.Append(pattern.ColumnCount);
        hash.Append(pattern.CellWidth);
        hash.Append(pattern.TimeStep);
        foreach (var boundary in pattern.Boundaries)
        {
            hash.Append((long)boundary.Kind);
            hash.Append(boundary.Value);
        }

        hash.Append((long)pattern.Laplacian);
        hash.Append((long)pattern.Integrator);
        hash.Append(pattern.AdditiveNoise.AsSpan());
        hash.Append(pattern.MultiplicativeNoise.AsSpan());
        hash.Append(pattern.Mask.Length);
        hash.AppendData(MemoryMarshal.AsBytes(pattern.Mask.AsSpan()));
        var initial = pattern.Initial;
        hash.Append(initial.Uniform is { } uniform ? uniform.AsSpan() : []);
        hash.Append(initial.Noise);
        hash.Append((long)initial.Shape);
        hash.Append(initial.Inside.AsSpan());
        hash.Append(initial.PatchCount);
        hash.Append(initial.Size);
        hash.Append(initial.StripeCount);
        foreach (var field in initial.Fields)
        {
            hash.Append(field.Cells);
        }
    }

    /// <summary>Cells as a run of the spec can have them.</summary>
    public static ImmutableArray<double> Rounded(this SimulationSpec spec, ImmutableArray<double> cells) =>
        spec.Precision == Precision.Binary64 ? cells : [.. cells.Select(cell => (double)(float)cell)];
}
