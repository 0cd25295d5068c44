using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Mfn.Core.Vectors;

namespace Mfn.Core.Kinetics;

/// <summary>
/// Solves (1 − λδₓ²)(1 − λδᵧ²) x = d in place, where d is a field: the alternating directions of an implicit step of diffusion. Every cell goes
/// through the same operations in the same order whatever the vectors' width and however many rows are given at once. Not thread-safe.
/// </summary>
/// <remarks>
/// Lines lie in the lanes of vectors: columns as they are in memory, rows transposed in a scratch of some rows. Columns are not solved one after
/// the other but all at once, some rows at a time, so that each row is taken while it is in the cache.
/// </remarks>
internal sealed class ImplicitDiffusion<T, TVector>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
    where TVector : struct, IVector<TVector, T>
{
    private readonly LineSolver<T, TVector> _rowSolver;
    private readonly LineSolver<T, TVector> _columnSolver;
    private readonly LineSolver<T, TVector> _restSolver;
    private readonly int _rowCount;
    private readonly int _columnCount;
    private readonly Memory<T> _transposed;

    /// <param name="rowCount">The rows of the field.</param>
    /// <param name="columnCount">The columns of the field, whose rows follow one another.</param>
    /// <param name="ratio">λ; at least 0.</param>
    /// <param name="boundary">What lies beyond the rim.</param>
    public ImplicitDiffusion(int rowCount, int columnCount, double ratio, SpeciesBoundary boundary)
    {
        (_rowCount, _columnCount) = (rowCount, columnCount);
        var alongColumn = new LineFactors<T>(rowCount, ratio, boundary);
        _rowSolver = new LineSolver<T, TVector>(new LineFactors<T>(columnCount, ratio, boundary), RowsTogether / TVector.Count);
        _columnSolver = new LineSolver<T, TVector>(alongColumn, columnCount / TVector.Count);
        _restSolver = new LineSolver<T, TVector>(alongColumn, 1);
        _transposed = LineMemory.Allocate<T>(Math.Max(columnCount * RowsTogether, rowCount * TVector.Count));
    }

    /// <summary>The rows that are best solved together.</summary>
    public static int RowsTogether => LineSolver<T, TVector>.VectorsTogether * TVector.Count;

    /// <summary>Cells of a row that are transposed together, so that they stay in the first cache from one thing to the next.</summary>
    private static int CellsTogether => 64;

    /// <summary>Solves along rows: each row of the result is that of the same row alone.</summary>
    /// <param name="first">The first row's first cell.</param>
    /// <param name="rowCount">How many rows.</param>
    public void SolveRows(ref T first, int rowCount)
    {
        for (var row = 0; row < rowCount; row += RowsTogether)
        {
            SolveTransposed(_rowSolver, ref Unsafe.Add(ref first, (nint)row * _columnCount), _columnCount, 1, Math.Min(RowsTogether, rowCount - row), _columnCount);
        }
    }

    /// <summary>Goes forward along all columns, from a row to before another: those before were gone through already.</summary>
    /// <param name="field">The field's first cell.</param>
    /// <param name="firstRow">The first row.</param>
    /// <param name="endRow">The row after the last.</param>
    public void EliminateColumns(ref T field, int firstRow, int endRow) =>
        _columnSolver.Eliminate(ref field, _columnCount, firstRow, endRow, _columnCount / TVector.Count);

    /// <summary>Goes backward along all columns, from a row down to another: those after were gone through already. All went forward.</summary>
    /// <param name="field">The field's first cell.</param>
    /// <param name="firstRow">The last of the rows that are gone through.</param>
    /// <param name="endRow">The row after the first of them.</param>
    public void SubstituteColumns(ref T field, int firstRow, int endRow)
    {
        _columnSolver.Substitute(ref field, _columnCount, firstRow, endRow, _columnCount / TVector.Count);
        var rest = _columnCount % TVector.Count;
        if (firstRow == 0 && rest > 0)
        {
            SolveTransposed(_restSolver, ref Unsafe.Add(ref field, _columnCount - rest), 1, _columnCount, rest, _rowCount);
        }
    }

    /// <summary>Lines that lie across vectors.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void SolveTransposed(LineSolver<T, TVector> solver, ref T first, nint lineStride, nint cellStride, int lineCount, int length)
    {
        var vectorCount = (lineCount + TVector.Count - 1) / TVector.Count;
        var width = vectorCount * TVector.Count;
        ref var transposed = ref MemoryMarshal.GetReference(_transposed.Span);

        for (var begin = 0; begin < length; begin += CellsTogether)
        {
            var end = Math.Min(begin + CellsTogether, length);
            for (var line = 0; line < lineCount; line += TVector.Count)
            {
                var count = Math.Min(TVector.Count, lineCount - line);
                Transpose(
                    ref Unsafe.Add(ref first, (line * lineStride) + (begin * cellStride)),
                    lineStride,
                    cellStride,
                    count,
                    end - begin,
                    ref Unsafe.Add(ref transposed, ((nint)begin * width) + line),
                    width);
            }

            solver.Eliminate(ref transposed, width, begin, end, vectorCount);
        }

        for (var begin = (length - 1) / CellsTogether * CellsTogether; begin >= 0; begin -= CellsTogether)
        {
            var end = Math.Min(begin + CellsTogether, length);
            solver.Substitute(ref transposed, width, begin, end, vectorCount);
            for (var line = 0; line < lineCount; line += TVector.Count)
            {
                var count = Math.Min(TVector.Count, lineCount - line);
                TransposeBack(
                    ref Unsafe.Add(ref transposed, ((nint)begin * width) + line),
                    width,
                    ref Unsafe.Add(ref first, (line * lineStride) + (begin * cellStride)),
                    lineStride,
                    cellStride,
                    count,
                    end - begin);
            }
        }
    }

    /// <summary>Writes lines beside one another: a vector holds as many as it has lanes, those beyond the last as the last.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Transpose(ref T first, nint lineStride, nint cellStride, int lineCount, int length, ref T transposed, nint width)
    {
        nint done = 0;
        if (lineCount == TVector.Count && cellStride == 1)
        {
            for (; done + TVector.Count <= length; done += TVector.Count)
            {
                TVector.Transpose(ref Unsafe.Add(ref first, done), lineStride, ref Unsafe.Add(ref transposed, done * width), width);
            }
        }

        for (var line = 0; line < TVector.Count; line++)
        {
            ref var source = ref Unsafe.Add(ref first, Math.Min(line, lineCount - 1) * lineStride);
            for (var i = done; i < length; i++)
            {
                Unsafe.Add(ref transposed, (i * width) + line) = Unsafe.Add(ref source, i * cellStride);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void TransposeBack(ref T transposed, nint width, ref T first, nint lineStride, nint cellStride, int lineCount, int length)
    {
        nint done = 0;
        if (lineCount == TVector.Count && cellStride == 1)
        {
            for (; done + TVector.Count <= length; done += TVector.Count)
            {
                TVector.Transpose(ref Unsafe.Add(ref transposed, done * width), width, ref Unsafe.Add(ref first, done), lineStride);
            }
        }

        for (var line = 0; line < lineCount; line++)
        {
            ref var destination = ref Unsafe.Add(ref first, line * lineStride);
            for (var i = done; i < length; i++)
            {
                Unsafe.Add(ref destination, i * cellStride) = Unsafe.Add(ref transposed, (i * width) + line);
            }
        }
    }
}
