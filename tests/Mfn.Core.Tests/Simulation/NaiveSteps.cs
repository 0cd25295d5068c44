using System.Numerics;
using Mfn.Core.Fields;
using Mfn.Core.Simulation;

namespace Mfn.Core.Tests.Simulation;

/// <summary>The steps of a spec on plain arrays, cell by cell, one operation after the other as the reference orders them.</summary>
internal sealed class NaiveSteps<T>(SimulationSpec spec, SimulationState start)
    where T : IBinaryFloatingPointIeee754<T>
{
    private T[] _activator = [.. start.Activator.Select(Cell)];
    private T[] _inhibitor = [.. start.Inhibitor.Select(Cell)];

    public T[] Potential { get; private set; } = [.. start.Potential.Select(Cell)];

    public T[] Activator => _activator;

    public T[] Inhibitor => _inhibitor;

    public long Activations { get; private set; }

    public long Clampings { get; private set; }

    /// <summary>One step that begins with a growth event, if there is one, and ends with noise, if there is any.</summary>
    public void Take(GrowthEvent? growthEvent, double[]? noise = null)
    {
        if (growthEvent is { } spike)
        {
            Potential[(spike.Row * spec.GridSize) + spike.Column] += Cell(spike.Amplitude);
        }

        var potential = new T[Potential.Length];
        var (activator, inhibitor) = (_activator.ToArray(), _inhibitor.ToArray());
        for (var k = 0; k < potential.Length; k++)
        {
            potential[k] = Potential[k] + (Cell(spec.Alpha) * Laplacian(Potential, k));
            if (spec.IsTuringEnabled)
            {
                React(k, ref potential[k], ref activator[k], ref inhibitor[k]);
            }

            potential[k] = noise is null ? potential[k] : potential[k] + Cell(noise[k]);
            var clamped = Clip(potential[k], Cell(-0.095), Cell(0.040));
            Clampings += clamped == potential[k] ? 0 : 1;
            potential[k] = clamped;
        }

        (Potential, _activator, _inhibitor) = (potential, activator, inhibitor);
    }

    private static T Cell(double value) => T.CreateChecked(value);

    private static T Clip(T value, T lowest, T highest) => value < lowest ? lowest : value > highest ? highest : value;

    private void React(int k, ref T potential, ref T newActivator, ref T newInhibitor)
    {
        var (a, i) = (_activator[k], _inhibitor[k]);
        var a2 = a + ((Cell(spec.ActivatorDiffusion) * Laplacian(_activator, k)) + (Cell(spec.ActivatorRate) * ((a * (T.One - a)) - i)));
        var source = spec.Variant == SimulationVariant.Model ? a2 : a;
        var i2 = i + ((Cell(spec.InhibitorDiffusion) * Laplacian(_inhibitor, k)) + (Cell(spec.InhibitorRate) * (source - i)));
        newActivator = Clip(a2, T.Zero, T.One);
        newInhibitor = Clip(i2, T.Zero, T.One);
        if ((spec.Variant == SimulationVariant.Numerics ? newActivator : a2) > Cell(spec.TuringThreshold))
        {
            Activations++;
            potential += Cell(spec.TuringIncrement);
        }
    }

    private T Laplacian(T[] u, int k)
    {
        var n = spec.GridSize;
        var (row, column) = (k / n, k % n);
        var (above, below, left, right) = (At(row - 1, column), At(row + 1, column), At(row, column - 1), At(row, column + 1));
        return spec.Boundary == Boundary.Dirichlet
            ? below + above + right + left - (Cell(4.0) * u[k])
            : above + below + left + right - (Cell(4.0) * u[k]);

        T At(int i, int j) => spec.Boundary switch
        {
            Boundary.Periodic => u[((i + n) % n * n) + ((j + n) % n)],
            Boundary.Neumann => u[(Math.Clamp(i, 0, n - 1) * n) + Math.Clamp(j, 0, n - 1)],
            _ => i < 0 || j < 0 || i >= n || j >= n ? T.Zero : u[(i * n) + j],
        };
    }
}
