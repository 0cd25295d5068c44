using System.Numerics;
using System.Runtime.CompilerServices;
using Mfn.Core.Fields;
using Mfn.Core.Kinetics;
using Mfn.Core.Vectors;

namespace Mfn.Core.Simulation;

/// <summary>What lies beyond the ends of a row.</summary>
internal sealed class RowEnds<T, TVector>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
    where TVector : struct, IVector<TVector, T>
{
    private readonly int _columnBefore;
    private readonly int _columnAfter;
    private readonly bool _isFixed;
    private readonly T _value;

    /// <summary>Of rows so long, with what lies beyond both ends.</summary>
    public RowEnds(int columnCount, SpeciesBoundary boundary)
    {
        (_columnBefore, _columnAfter) = boundary.Kind == Boundary.Periodic ? (columnCount - 1, 0) : (0, columnCount - 1);
        _isFixed = boundary.Kind == Boundary.Dirichlet;
        _value = T.CreateChecked(boundary.Value);
    }

    /// <summary>All bits in the lanes from the first to before the end.</summary>
    public static TVector Lanes(int first, int end) =>
        TVector.IsGreater(TVector.Indices, TVector.Create(T.CreateChecked(first - 1)))
        & TVector.IsGreater(TVector.Create(T.CreateChecked(end)), TVector.Indices);

    /// <summary>What lies before a row, in all lanes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public TVector Before(ref T row) => TVector.Create(_isFixed ? _value : Unsafe.Add(ref row, _columnBefore));

    /// <summary>What lies after a row, in all lanes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public TVector After(ref T row) => TVector.Create(_isFixed ? _value : Unsafe.Add(ref row, _columnAfter));
}
