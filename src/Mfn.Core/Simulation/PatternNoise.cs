using System.Numerics;
using Mfn.Core.Kinetics;
using Mfn.Core.Randomness;

namespace Mfn.Core.Simulation;

/// <summary>
/// What noise adds to a step (Euler and Maruyama): √Δt (a ξ + m u η), with the additive strength a, the multiplicative strength m, the cell u before
/// the step and standard normals ξ and η of its own for each cell, drawn species by species, row by row, first all ξ of a row and then all η, those of strengths
/// that are 0 not at all. What is drawn is multiplied with its strength and √Δt in doubles and then rounded to the cells' type; no product is fused.
/// </summary>
internal sealed class PatternNoise<T>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    private readonly PatternSpec _spec;
    private readonly RandomGenerator _random;
    private readonly double[] _drawn;

    private PatternNoise(PatternSpec spec, RandomGenerator random) => (_spec, _random, _drawn) = (spec, random, new double[spec.ColumnCount]);

    /// <summary>That of a spec; null if it has none.</summary>
    public static PatternNoise<T>? Of(PatternSpec spec, RandomGenerator random) =>
        spec.AdditiveNoise.Any(strength => strength != 0) || spec.MultiplicativeNoise.Any(strength => strength != 0) ? new(spec, random) : null;

    /// <summary>Adds it to the fields after a step.</summary>
    /// <returns>Whether all cells are finite.</returns>
    public bool Add(FieldRows<T> before, FieldRows<T> after)
    {
        var isFinite = true;
        for (var species = 0; species < _spec.Kinetics.SpeciesCount; species++)
        {
            var additive = Strength(_spec.AdditiveNoise, species);
            var multiplicative = Strength(_spec.MultiplicativeNoise, species);
            for (var first = 0; first < _spec.CellCount; first += _spec.ColumnCount)
            {
                var cells = after.Plane(species).Slice(first, _spec.ColumnCount);
                if (additive != 0)
                {
                    _random.FillNormal(0, additive, _drawn);
                    for (var i = 0; i < cells.Length; i++)
                    {
                        // What does not take part keeps its bits, the sign of a zero too.
                        cells[i] = TakesPart(first + i) ? cells[i] + T.CreateChecked(_drawn[i]) : cells[i];
                    }
                }

                if (multiplicative != 0)
                {
                    var old = before.Plane(species).Slice(first, _spec.ColumnCount);
                    _random.FillNormal(0, multiplicative, _drawn);
                    for (var i = 0; i < cells.Length; i++)
                    {
                        cells[i] = TakesPart(first + i) ? cells[i] + (old[i] * T.CreateChecked(_drawn[i])) : cells[i];
                    }
                }

                foreach (var cell in cells)
                {
                    isFinite &= T.IsFinite(cell);
                }
            }
        }

        return isFinite;
    }

    private double Strength(System.Collections.Immutable.ImmutableArray<double> strengths, int species) =>
        strengths.IsDefaultOrEmpty ? 0 : strengths[species] * Math.Sqrt(_spec.TimeStep);

    private bool TakesPart(int cell) => _spec.Mask.IsDefaultOrEmpty || _spec.Mask[cell];
}
