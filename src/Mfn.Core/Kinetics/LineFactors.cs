using System.Numerics;
using Mfn.Core.Fields;

namespace Mfn.Core.Kinetics;

/// <summary>
/// The factors of 1 − λδ² along a line of cells, where δ² is the second difference with what lies beyond the line's ends: tridiagonal, and
/// cyclic if the line is closed. Computed once in doubles with + − × ÷ and rounded, so that a line's solution has the same bits everywhere.
/// </summary>
/// <remarks>
/// Forward: pᵢ = Inverseᵢ dᵢ + Carryᵢ pᵢ₋₁; backward: xᵢ = pᵢ + Carryᵢ xᵢ₊₁, the Thomas algorithm. In a closed line that is done with the last cell
/// X left out, while Σ Weightᵢ pᵢ is what the first cell then is without X; both neighbours of X give it, and xᵢ gains Fillᵢ X.
/// </remarks>
internal sealed class LineFactors<T>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    // A product below this is lost in any sum that it is part of, and would soon be subnormal, which processors are slow with.
    private const double Negligible = 1e-30;

    /// <param name="length">The cells; at least 1.</param>
    /// <param name="ratio">λ: the diffusion coefficient times the time step over the squared cell width; at least 0.</param>
    /// <param name="boundary">What lies beyond both ends.</param>
    public LineFactors(int length, double ratio, SpeciesBoundary boundary)
    {
        Length = length;
        IsClosed = boundary.Kind == Boundary.Periodic && length > 1;
        Ratio = T.CreateChecked(ratio);
        RimSource = T.CreateChecked(boundary.Kind == Boundary.Dirichlet ? ratio * boundary.Value : 0);

        var count = IsClosed ? length - 1 : length;
        var (inverse, carry, weight, fill) = (new double[count], new double[count], new double[count], new double[count]);
        for (var i = 0; i < count; i++)
        {
            var before = i == 0 ? 0 : carry[i - 1];
            inverse[i] = 1 / (Diagonal(i, length, ratio, boundary.Kind) - (ratio * before));
            carry[i] = ratio * inverse[i];
        }

        (Inverse, Carry) = (Rounded(inverse), Rounded(carry));
        if (!IsClosed)
        {
            return;
        }

        for (var i = 0; i < count; i++)
        {
            weight[i] = i == 0 ? 1 : Kept(weight[i - 1] * carry[i - 1]);
            var given = (i == 0 ? ratio : 0) + (i == count - 1 ? ratio : 0);
            fill[i] = (inverse[i] * given) + (i == 0 ? 0 : Kept(carry[i] * fill[i - 1]));
        }

        for (var i = count - 2; i >= 0; i--)
        {
            fill[i] += Kept(carry[i] * fill[i + 1]);
        }

        (Weight, Fill) = (Rounded(weight), Rounded(fill));
        WeightedCount = weight.Count(value => value != 0);
        LastInverse = T.CreateChecked(1 / (1 + (2 * ratio) - (ratio * (fill[0] + fill[count - 1]))));
    }

    public int Length { get; }

    /// <summary>Whether each end is the other's neighbour.</summary>
    public bool IsClosed { get; }

    public T Ratio { get; }

    /// <summary>What the right side of both ends gains because of what lies beyond.</summary>
    public T RimSource { get; }

    public T[] Inverse { get; }

    public T[] Carry { get; }

    /// <summary>Empty unless closed.</summary>
    public T[] Weight { get; } = [];

    /// <summary>The first weights, after which all are 0.</summary>
    public int WeightedCount { get; }

    /// <summary>Empty unless closed.</summary>
    public T[] Fill { get; } = [];

    public T LastInverse { get; }

    private static double Diagonal(int i, int length, double ratio, Boundary kind) => kind switch
    {
        Boundary.Neumann => 1 + (((i > 0 ? 1 : 0) + (i < length - 1 ? 1 : 0)) * ratio),

        // A closed line of one cell is its own neighbour.
        Boundary.Periodic when length == 1 => 1,
        _ => 1 + (2 * ratio),
    };

    private static double Kept(double product) => product < Negligible ? 0 : product;

    private static T[] Rounded(double[] values) => Array.ConvertAll(values, T.CreateChecked);
}
