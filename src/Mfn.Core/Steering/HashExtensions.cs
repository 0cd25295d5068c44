using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
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
    }

    /// <summary>Cells as a run of the spec can have them.</summary>
    public static ImmutableArray<double> Rounded(this SimulationSpec spec, ImmutableArray<double> cells) =>
        spec.Precision == Precision.Binary64 ? cells : [.. cells.Select(cell => (double)(float)cell)];
}
