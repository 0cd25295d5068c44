using Mfn.Contracts.V1;

namespace Mfn.Cli.Runs;

/// <summary>What part of a field is asked for, and how coarse.</summary>
/// <param name="Area">The part; all if null.</param>
/// <param name="Downsampling">Rows and columns of cells to a value.</param>
internal readonly record struct FrameCut(CellArea? Area, int Downsampling)
{
    /// <summary>Asks for it.</summary>
    public void ApplyTo(WatchRunRequest request)
    {
        request.Region = Area?.ToRegion();
        request.Downsampling = Downsampling;
    }
}
