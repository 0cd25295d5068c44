using Mfn.Core.Statistics;

namespace Mfn.Server.Web.Reference;

/// <summary>What the reference's streams tell of a field beside its statistics. Sums are in numpy's order.</summary>
/// <param name="cells">The field's cells, in volts, row after row.</param>
/// <param name="rows">How many rows it has.</param>
/// <param name="columns">How many cells a row has.</param>
internal readonly ref struct FieldMeasures(ReadOnlySpan<double> cells, int rows, int columns)
{
    // A cell is active if its potential is further from 0 than this, in volts.
    private const double ActiveVolts = 0.01;

    private const int SmallestBox = 2;
    private const int LargestBox = 16;
    private const double LargestDimension = 2;

    private readonly ReadOnlySpan<double> _cells = cells;
    private readonly int _rows = rows;
    private readonly int _columns = columns;

    /// <summary>The cells.</summary>
    public int CellCount => _cells.Length;

    /// <summary>The active ones.</summary>
    public int ActiveCount
    {
        get
        {
            var count = 0;
            foreach (var cell in _cells)
            {
                count += IsActive(cell) ? 1 : 0;
            }

            return count;
        }
    }

    /// <summary>The mean, in volts.</summary>
    public double Mean => PairwiseSum.Of(_cells) / _cells.Length;

    /// <summary>The sum of the squares, in volts squared.</summary>
    public double Energy
    {
        get
        {
            var squares = new double[_cells.Length];
            for (var i = 0; i < squares.Length; i++)
            {
                squares[i] = _cells[i] * _cells[i];
            }

            return PairwiseSum.Of(squares);
        }
    }

    /// <summary>The mean of the squared gradient, in volts squared: half the difference of a cell's neighbours, at the rim the difference to the one there is.</summary>
    public double MeanSquaredGradient
    {
        get
        {
            var squares = new double[_cells.Length];
            for (var row = 0; row < _rows; row++)
            {
                for (var column = 0; column < _columns; column++)
                {
                    var down = Slope(row, _rows, _columns, (row * _columns) + column);
                    var across = Slope(column, _columns, 1, (row * _columns) + column);
                    squares[(row * _columns) + column] = (down * down) + (across * across);
                }
            }

            return PairwiseSum.Of(squares) / squares.Length;
        }
    }

    /// <summary>
    /// The box-counting dimension of the active cells by two sizes alone: of the boxes of 2, 4, 8 and 16 cells the smallest and the largest of which any has an active
    /// cell. 0 if none has one, 1 if fewer than two sizes fit; between 0 and 2.
    /// </summary>
    public double Dimension
    {
        get
        {
            var (first, last) = ((Size: 0, Count: 0), (Size: 0, Count: 0));
            for (var size = SmallestBox; size <= Math.Min(LargestBox, Math.Min(_rows, _columns)); size *= 2)
            {
                if (CountBoxes(size) is var count and > 0)
                {
                    first = first.Size == 0 ? (size, count) : first;
                    last = (size, count);
                }
            }

            return ActiveCount == 0 ? 0
                : first.Size == last.Size ? 1
                : Math.Clamp((Math.Log(first.Count) - Math.Log(last.Count)) / (Math.Log(last.Size) - Math.Log(first.Size)), 0, LargestDimension);
        }
    }

    private static bool IsActive(double cell) => Math.Abs(cell) > ActiveVolts;

    private double Slope(int index, int count, int stride, int cell) =>
        index == 0 ? _cells[cell + stride] - _cells[cell]
        : index == count - 1 ? _cells[cell] - _cells[cell - stride]
        : (_cells[cell + stride] - _cells[cell - stride]) / 2;

    // A part of a box at the rim is a box.
    private int CountBoxes(int size)
    {
        var across = ((_columns - 1) / size) + 1;
        var boxes = new bool[across * (((_rows - 1) / size) + 1)];
        for (var i = 0; i < _cells.Length; i++)
        {
            if (IsActive(_cells[i]))
            {
                boxes[(i / _columns / size * across) + (i % _columns / size)] = true;
            }
        }

        return boxes.Count(isActive => isActive);
    }
}
