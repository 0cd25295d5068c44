using Mfn.Core.Features;
using Mfn.Core.Simulation;
using Mfn.Core.Validation;

namespace Mfn.Server.Pricing;

/// <content>The validation cycle.</content>
internal static partial class PriceList
{
    private const int SimulationsOfCycle = 17;
    private const int PointsOfOrbit = 1000;
    private const int TrainedSamples = 16;
    private const int TrainedSample = 20_000;

    /// <summary>The validation cycle: seventeen simulations, an orbit and a dimension of each, and the training.</summary>
    public static Price Validation(ValidationSpec spec)
    {
        var simulation = new SimulationSpec
        {
            GridSize = spec.GridSize,
            StepCount = spec.StepCount,
            IsTuringEnabled = spec.IsTuringEnabled,
            IsJitterEnabled = spec.IsJitterEnabled,
        };
        var each = Simulation(simulation) + BoxCounting(spec.GridSize, spec.GridSize, FeatureOptions.Default.ScaleCount, 1) + IteratedFunctionSystem(PointsOfOrbit);
        return ((each * SimulationsOfCycle) + Of("training", TrainedSamples, TrainedSample, spec.EpochCount)).AsOne("validation", (double)spec.GridSize * spec.GridSize);
    }
}
