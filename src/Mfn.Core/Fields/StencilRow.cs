using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Mfn.Core.Fields;

/// <summary>One row of a field with all that its Laplacian depends on: the rows next to it and the cells beyond its ends.</summary>
/// <remarks>The order of the additions is part of the result, to the last bit; it is the reference's.</remarks>
internal readonly ref struct StencilRow
{
    private readonly ReadOnlySpan<double> _above;
    private readonly ReadOnlySpan<double> _row;
    private readonly ReadOnlySpan<double> _below;
    private readonly double _left;
    private readonly double _right;
    private readonly int _first;

    /// <summary>
    /// <paramref name="left"/> and <paramref name="right"/> are the cells beyond the row's ends, and <paramref name="first"/>, -1 or 1, is
    /// where the one of a cell's two neighbours in the row lies that is added first.
    /// </summary>
    public StencilRow(
        ReadOnlySpan<double> above, ReadOnlySpan<double> row, ReadOnlySpan<double> below, double left, double right, int first)
    {
        // The slices refuse neighbours that are shorter than the row, so that the loads below need not look.
        _above = above[..row.Length];
        _row = row;
        _below = below[..row.Length];
        _left = left;
        _right = right;
        _first = first;
    }

    /// <summary>The number of cells.</summary>
    public int Length => _row.Length;

    /// <summary>
    /// The largest column from which a whole vector has both its neighbours in the row; a loop of vectors starts in column 1.
    /// </summary>
    public int LastVectorStart => _row.Length - 1 - Vector<double>.Count;

    /// <summary>One cell.</summary>
    public double Cell(int column) => _row[column];

    /// <summary>As many cells as a vector has, from the given one on: any from 1 to <see cref="LastVectorStart"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Vector<double> Cells(int column) => Load(_row, column);

    /// <summary>The Laplacian of one cell.</summary>
    public double Laplacian(int column) =>
        _above[column] + _below[column] + InRow(column + _first) + InRow(column - _first) - (4.0 * _row[column]);

    /// <summary>The Laplacian of <see cref="Cells"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Vector<double> Laplacians(int column) =>
        Load(_above, column) + Load(_below, column) + Load(_row, column + _first) + Load(_row, column - _first) - (4.0 * Load(_row, column));

    private double InRow(int column) => column < 0 ? _left : column >= _row.Length ? _right : _row[column];

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector<double> Load(ReadOnlySpan<double> cells, int column) =>
        Vector.LoadUnsafe(ref MemoryMarshal.GetReference(cells), (nuint)column);
}
