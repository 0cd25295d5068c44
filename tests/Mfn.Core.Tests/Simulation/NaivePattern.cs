using System.Numerics;
using Mfn.Core.Fields;
using Mfn.Core.Kinetics;
using Mfn.Core.Tests.Kinetics;

namespace Mfn.Core.Tests.Simulation;

/// <summary>Patterns cell by cell, from the equations, with the documented order of operations.</summary>
internal sealed class NaivePattern<T>(PatternSpec spec, T[][] species)
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    public T[][] Species { get; private set; } = species;

    public void TakeStep() =>
        Species = spec.Integrator == Integrator.Adi ? ImplicitStep() : spec.Kinetics.Model is SwiftHohenberg ? SwiftHohenbergStep() : EulerStep();

    private T[][] ImplicitStep() => [.. Species.Select((cells, s) =>
    {
        var after = cells.Select((here, i) => Fma(C(spec.TimeStep), Rates(Species[0][i], Species[1][i])[s], here)).ToArray();
        var ratio = spec.Kinetics.Diffusion(s) * spec.TimeStep / (spec.CellWidth * spec.CellWidth);
        return ratio == 0 ? after : NaiveImplicitDiffusion.Solve(after, spec.RowCount, spec.ColumnCount, ratio, spec.Boundaries[s]);
    })];

    private T[][] EulerStep()
    {
        var after = Species.Select(cells => (T[])cells.Clone()).ToArray();
        var timeStep = C(spec.TimeStep);
        for (var i = 0; i < spec.CellCount; i++)
        {
            if (!TakesPart(i))
            {
                continue;
            }

            var rates = Rates(Species[0][i], Species[1][i]);
            for (var s = 0; s < 2; s++)
            {
                var coefficient = C(spec.Kinetics.Diffusion(s) * spec.TimeStep / (Scale * spec.CellWidth * spec.CellWidth));
                after[s][i] = Fma(coefficient, Sum(Species[s], i, s), Fma(timeStep, rates[s], Species[s][i]));
            }
        }

        return after;
    }

    private T[][] SwiftHohenbergStep()
    {
        var laplacian = C(1 / (Scale * spec.CellWidth * spec.CellWidth));
        var (r, g) = (C(spec.Kinetics.Values[0]), C(spec.Kinetics.Values[1]));
        var u = Species[0];
        var w = u.Select((here, i) => Fma(laplacian, Sum(u, i, 0), here)).ToArray();
        return
        [
            [
                .. u.Select((here, i) => TakesPart(i)
                    ? Fma(C(spec.TimeStep), Fma(r, here, (g - here) * (here * here)) - Fma(laplacian, Sum(w, i, 0), w[i]), here)
                    : here),
            ],
        ];
    }

    private double Scale => spec.Laplacian == LaplacianStencil.NinePoint ? 6 : 1;

    private T[] Rates(T u, T v)
    {
        var values = spec.Kinetics.Values.Select(C).ToArray();
        var one = T.One;
        switch (spec.Kinetics.Model)
        {
            case GrayScott:
                var reaction = u * v * v;
                return [Fma(C(-spec.Kinetics.Values[0]), u, values[0] - reaction), Fma(C(-(spec.Kinetics.Values[0] + spec.Kinetics.Values[1])), v, reaction)];
            case FitzHughNagumo:
                return [Fma(-values[3] * u, v, (values[2] * u * (u - values[0]) * (one - u)) + values[4]), values[1] * (u - v)];
            case Schnakenberg:
                return [values[0] - u + (u * u * v), values[1] - (u * u * v)];
            case Brusselator:
                return [Fma(C(-(spec.Kinetics.Values[1] + 1)), u, values[0] + (u * u * v)), Fma(values[1], u, -(u * u * v))];
            case GiererMeinhardt:
                return [Fma(-values[0], u, u * u / v), (u * u) - v];
            case Barkley:
                var threshold = Fma(v, C(1 / spec.Kinetics.Values[0]), C(spec.Kinetics.Values[1] / spec.Kinetics.Values[0]));
                return [C(1 / spec.Kinetics.Values[2]) * u * (one - u) * (u - threshold), u - v];
            case CubicPolynomial:
                return [Cubic(values.AsSpan(0, 10), u, v), Cubic(values.AsSpan(10, 10), u, v)];
            default:
                throw new InvalidOperationException(spec.Kinetics.Model.Name);
        }
    }

    private static T Cubic(ReadOnlySpan<T> c, T u, T v)
    {
        var p0 = Fma(Fma(Fma(c[6], u, c[3]), u, c[1]), u, c[0]);
        var p1 = Fma(Fma(c[7], u, c[4]), u, c[2]);
        var p2 = Fma(c[8], u, c[5]);
        return Fma(Fma(Fma(c[9], v, p2), v, p1), v, p0);
    }

    private T Sum(T[] cells, int i, int s)
    {
        var (row, column) = Math.DivRem(i, spec.ColumnCount);
        var here = cells[i];
        T At(int down, int right) => IsOpen(row + down, column + right) ? Neighbour(cells, row + down, column + right, s) : here;
        var straight = At(-1, 0) + At(1, 0) + (At(0, -1) + At(0, 1));
        return spec.Laplacian == LaplacianStencil.FivePoint
            ? Fma(C(-4), here, straight)
            : Fma(C(-20), here, Fma(C(4), straight, At(-1, -1) + At(1, -1) + (At(-1, 1) + At(1, 1))));
    }

    /// <summary>Beyond the rim first the row is chosen, then the column, as if the plane were continued row by row.</summary>
    private T Neighbour(T[] cells, int row, int column, int s)
    {
        var boundary = spec.Boundaries[Math.Min(s, spec.Boundaries.Length - 1)];
        var isBeyond = row < 0 || row >= spec.RowCount || column < 0 || column >= spec.ColumnCount;
        if (isBeyond && boundary.Kind == Boundary.Dirichlet)
        {
            return C(boundary.Value);
        }

        return boundary.Kind == Boundary.Periodic
            ? cells[(Wrap(row, spec.RowCount) * spec.ColumnCount) + Wrap(column, spec.ColumnCount)]
            : cells[(Math.Clamp(row, 0, spec.RowCount - 1) * spec.ColumnCount) + Math.Clamp(column, 0, spec.ColumnCount - 1)];
    }

    private bool IsOpen(int row, int column) => spec.Boundaries[0].Kind == Boundary.Periodic
        ? TakesPart((Wrap(row, spec.RowCount) * spec.ColumnCount) + Wrap(column, spec.ColumnCount))
        : TakesPart((Math.Clamp(row, 0, spec.RowCount - 1) * spec.ColumnCount) + Math.Clamp(column, 0, spec.ColumnCount - 1));

    private bool TakesPart(int i) => spec.Mask.IsDefaultOrEmpty || spec.Mask[i];

    private static int Wrap(int index, int count) => (index + count) % count;

    private static T C(double value) => T.CreateChecked(value);

    private static T Fma(T left, T right, T addend) => T.FusedMultiplyAdd(left, right, addend);
}
