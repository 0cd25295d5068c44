using Mfn.Core.Simulation;

namespace Mfn.Server.Frames;

/// <summary>A field as the potential in volts that its spec says it stands for: the field itself if it is one.</summary>
internal sealed class PotentialView(SimulationSpec? spec, int species)
{
    private double[] _volts = [];

    /// <summary>The potentials; valid until the next call.</summary>
    public ReadOnlySpan<double> Of(ReadOnlySpan<double> cells)
    {
        if (spec?.Pattern is not { } pattern)
        {
            return cells;
        }

        if (_volts.Length != cells.Length)
        {
            _volts = new double[cells.Length];
        }

        pattern.ScaleOf(species).Apply(cells, _volts);
        return _volts;
    }
}
