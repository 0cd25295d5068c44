using System.Collections.Immutable;
using Mfn.Core.Fields;
using Mfn.Core.Kinetics;

namespace Mfn.Core.Stability;

/// <summary>
/// The modes of a rectangle of cells, which are waves of few wavelengths, with the squared wavenumber that the discrete Laplacian sees: less than the
/// true one, and of the 5-point one not the same in every direction. Periodic: cosines of 2πm/L, m to half the cells. Zero flux: of πm/L, the extremes
/// in the middles of the rim's outer sides. Fixed value: sines of πm/(L + h), 0 at the cells beyond the rim.
/// </summary>
public sealed class BoxModes
{
    private readonly Boundary _boundary;
    private readonly PatternSpec _pattern;

    private BoxModes(PatternSpec pattern, Boundary boundary) => (_pattern, _boundary) = (pattern, boundary);

    /// <summary>Those of a domain, or null and why there are none that each keep their shape.</summary>
    public static BoxModes? Of(PatternSpec pattern, out string? reason)
    {
        ArgumentNullException.ThrowIfNull(pattern);
        var kind = pattern.Boundaries[0].Kind;
        reason = pattern.Boundaries.Any(boundary => boundary.Kind != kind)
            ? "The species have different boundaries, so that no wave fits both: what grows in this box is not predicted."
            : !pattern.Mask.IsDefaultOrEmpty && pattern.Mask.Contains(false)
            ? "Waves do not fit a mask: what grows in this box is not predicted."
            : null;
        return reason is null ? new BoxModes(pattern, kind) : null;
    }

    /// <summary>The mode that grows fastest, of several the one of the least indices.</summary>
    /// <param name="dispersion">How fast modes grow.</param>
    /// <param name="cancellationToken">Ends the search.</param>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public BoxMode Winner(DispersionRelation dispersion, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(dispersion);
        var (rows, columns) = (Indices(_pattern.RowCount), Indices(_pattern.ColumnCount));
        var columnCosines = columns.Select(index => Cosine(index, _pattern.ColumnCount)).ToImmutableArray();
        var (bestRow, bestColumn, best) = (0, 0, double.NegativeInfinity);
        foreach (var row in rows)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var cosine = Cosine(row, _pattern.RowCount);
            for (var i = 0; i < columns.Length; i++)
            {
                // Of modes that differ by rounding alone the first is to win, wherever the search is repeated.
                var (growth, _) = dispersion.Fastest(Q(cosine, columnCosines[i]));
                if (double.IsNegativeInfinity(best) || growth > best + (1e-12 * Math.Abs(best)))
                {
                    (bestRow, bestColumn, best) = (row, columns[i], growth);
                }
            }
        }

        return Of(dispersion, bestRow, bestColumn);
    }

    /// <summary>The mode of given indices.</summary>
    public BoxMode Of(DispersionRelation dispersion, int rowIndex, int columnIndex)
    {
        ArgumentNullException.ThrowIfNull(dispersion);
        var (growth, _) = dispersion.Fastest(Q(Cosine(rowIndex, _pattern.RowCount), Cosine(columnIndex, _pattern.ColumnCount)));
        var (angleOfRow, angleOfColumn) = (Angle(rowIndex, _pattern.RowCount), Angle(columnIndex, _pattern.ColumnCount));
        var angle = Math.Sqrt((angleOfRow * angleOfRow) + (angleOfColumn * angleOfColumn));
        double? cells = angle == 0 ? null : 2 * Math.PI / angle;
        return new BoxMode(rowIndex, columnIndex, cells * _pattern.CellWidth, growth, cells);
    }

    private ImmutableArray<int> Indices(int count) => _boundary switch
    {
        Boundary.Periodic => [.. Enumerable.Range(0, (count / 2) + 1)],
        Boundary.Neumann => [.. Enumerable.Range(0, count)],
        _ => [.. Enumerable.Range(1, count)],
    };

    private double Cosine(int index, int count) => Math.Cos(Angle(index, count));

    /// <summary>How far the wave goes from cell to cell, in radians.</summary>
    private double Angle(int index, int count) => _boundary switch
    {
        Boundary.Periodic => 2 * Math.PI * index / count,
        Boundary.Neumann => Math.PI * index / count,
        _ => Math.PI * index / (count + 1),
    };

    private double Q(double x, double y) => (_pattern.Laplacian == LaplacianStencil.NinePoint
        ? (20 - (8 * (x + y)) - (4 * x * y)) / 6
        : 4 - (2 * (x + y))) / (_pattern.CellWidth * _pattern.CellWidth);
}
