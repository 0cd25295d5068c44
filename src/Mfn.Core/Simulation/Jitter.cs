using System.Numerics;
using Mfn.Core.Randomness;

namespace Mfn.Core.Simulation;

/// <summary>Draws the Gaussian noise of a run, a row at a time, in the order of the rows.</summary>
internal sealed class Jitter<T> : IDisposable
    where T : unmanaged, INumber<T>
{
    private readonly RandomGenerator _random;
    private readonly double _standardDeviation;
    private readonly double[] _drawn;
    private readonly FieldRows<T> _row;

    public Jitter(SimulationSpec spec, RandomGenerator random)
    {
        _random = random;
        _standardDeviation = Math.Sqrt(spec.JitterVariance);
        _drawn = new double[spec.GridSize];
        _row = new FieldRows<T>(1, spec.GridSize, planeCount: 1);
    }

    /// <summary>The first cell of the next row's noise, valid until the next call.</summary>
    public ref T DrawRow()
    {
        _random.FillNormal(0.0, _standardDeviation, _drawn);
        CellConversion.Narrow(_drawn, _row.Potential);
        return ref _row.Row(0);
    }

    public void Dispose() => _row.Dispose();
}
