using System.Numerics;
using System.Runtime.CompilerServices;
using Mfn.Core.Fields;
using Mfn.Core.Kinetics;
using Mfn.Core.Vectors;

namespace Mfn.Core.Simulation;

/// <summary>The cells next to those of a row, at its ends what lies beyond.</summary>
internal sealed class RowEnds<T, TVector>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
    where TVector : struct, IVector<TVector, T>
{
    private readonly int _lastColumn;
    private readonly int _last;
    private readonly TVector _isRowEnd;
    private readonly bool _isTorus;
    private readonly bool _isFixed;
    private readonly T _value;

    /// <summary>Of rows so long, with what lies beyond both ends.</summary>
    public RowEnds(int columnCount, SpeciesBoundary boundary)
    {
        _lastColumn = columnCount - 1;
        _last = Math.Max(columnCount - TVector.Count, 0);
        var count = Math.Min(columnCount, TVector.Count);
        _isRowEnd = Lanes(count - 1, count);
        _isTorus = boundary.Kind == Boundary.Periodic;
        _isFixed = boundary.Kind == Boundary.Dirichlet;
        _value = T.CreateChecked(boundary.Value);
    }

    /// <summary>All bits in the lanes from the first to before the end.</summary>
    public static TVector Lanes(int first, int end) =>
        TVector.IsGreater(TVector.Indices, TVector.Create(T.CreateChecked(first - 1)))
        & TVector.IsGreater(TVector.Create(T.CreateChecked(end)), TVector.Indices);

    /// <summary>The cells before those from <paramref name="j"/> on.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public TVector Left(ref T row, int j)
    {
        var left = TVector.Load(ref row, (nuint)j - 1);
        return j == 0 ? TVector.WithFirst(left, _isFixed ? _value : _isTorus ? Unsafe.Add(ref row, _lastColumn) : row) : left;
    }

    /// <summary>The cells after those from <paramref name="j"/> on.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public TVector Right(ref T row, int j)
    {
        var right = TVector.Load(ref row, (nuint)j + 1);
        return j == _last
            ? TVector.Select(_isRowEnd, TVector.Create(_isFixed ? _value : _isTorus ? row : Unsafe.Add(ref row, _lastColumn)), right)
            : right;
    }
}
