using System.Collections.Immutable;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Mfn.Core.Fields;
using Mfn.Core.Kinetics;

namespace Mfn.Core.Simulation;

/// <summary>What all sweeps over a run's fields have in common.</summary>
/// <param name="rowCount">The rows of a field.</param>
/// <param name="columnCount">The columns of a field.</param>
/// <param name="boundaries">What lies beyond the rim, one a field that steps change.</param>
/// <param name="kernels">What takes rows through a step; one after the other where a step has several parts.</param>
/// <param name="jitter">The noise of the steps; null for none.</param>
internal sealed class SweepPlan<T>(
    int rowCount, int columnCount, ImmutableArray<SpeciesBoundary> boundaries, ImmutableArray<StepKernel<T>> kernels, Jitter<T>? jitter)
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    private const int MostLanes = 16;

    public int RowCount { get; } = rowCount;

    public int ColumnCount { get; } = columnCount;

    /// <summary>The fields that steps change.</summary>
    public int PlaneCount { get; } = boundaries.Length;

    public ImmutableArray<StepKernel<T>> Kernels { get; } = kernels;

    public Jitter<T>? Jitter { get; } = jitter;

    /// <summary>Whether it does not matter which rows come first: noise is drawn in their order, and a row that is shorter than a vector overwrites the next one.</summary>
    public bool HasAnyOrder => Jitter is null && ColumnCount >= MostLanes;

    /// <summary>Whether the last row is the first one's neighbour.</summary>
    public bool IsTorus { get; } = boundaries[0].Kind == Boundary.Periodic;

    /// <summary>That of a spec of the reference's model.</summary>
    public static SweepPlan<T> Of(SimulationSpec spec, StepKernel<T> kernel, Jitter<T>? jitter)
    {
        var boundary = new SpeciesBoundary(spec.Boundary);
        return new SweepPlan<T>(
            spec.GridSize, spec.GridSize, [.. Enumerable.Repeat(boundary, spec.IsTuringEnabled ? 3 : 1)], [kernel], jitter);
    }

    /// <summary>Room for the row beyond the rim; null where it is a row of the fields in all of them.</summary>
    public FieldRows<T>? CreateRim(int stride)
    {
        if (boundaries.All(boundary => boundary.Kind != Boundary.Dirichlet))
        {
            return null;
        }

        var rim = new FieldRows<T>(1, stride, PlaneCount);
        for (var i = 0; i < PlaneCount; i++)
        {
            rim.Plane(i).Fill(T.CreateChecked(boundaries[i].Value));
        }

        return rim;
    }

    /// <summary>Makes what lies beyond a row at the rim: a copy of it in the fields through whose rim nothing flows.</summary>
    /// <param name="rim">From <see cref="CreateRim"/>.</param>
    /// <param name="row">The first field's first cell in the row at the rim.</param>
    /// <param name="offset">The cells from there to the next field's.</param>
    public void FillRim(FieldRows<T> rim, ref T row, int offset)
    {
        for (var i = 0; i < PlaneCount; i++)
        {
            if (boundaries[i].Kind != Boundary.Dirichlet)
            {
                MemoryMarshal.CreateReadOnlySpan(ref Unsafe.Add(ref row, i * offset), ColumnCount).CopyTo(rim.Plane(i));
            }
        }
    }
}
