namespace Mfn.Core.Aggregation.Distances;

/// <summary>Memory for the distances between no more than so many updates of so many components, for one thread and any number of times.</summary>
internal sealed class DistanceWorkspace(int largestCount, int length)
{
    private DistancePanel<double>? _double;
    private DistancePanel<float>? _single;

    public DistancePanel<double> InDouble => _double ??= new(largestCount, length);

    public DistancePanel<float> InSingle => _single ??= new(largestCount, length);
}
