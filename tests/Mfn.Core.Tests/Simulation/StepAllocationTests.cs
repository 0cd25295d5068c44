using Mfn.Core.Fields;
using Mfn.Core.Simulation;

namespace Mfn.Core.Tests.Simulation;

/// <summary>A step makes no garbage, whatever the spec.</summary>
public sealed class StepAllocationTests
{
    private const int WarmUpSteps = 200;

    public static TheoryData<SimulationVariant, Boundary, bool, bool> Specs
    {
        get
        {
            var specs = new TheoryData<SimulationVariant, Boundary, bool, bool>();
            foreach (var variant in Enum.GetValues<SimulationVariant>())
            {
                foreach (var boundary in variant == SimulationVariant.Model ? [Boundary.Periodic] : Enum.GetValues<Boundary>())
                {
                    specs.Add(variant, boundary, true, false);
                    specs.Add(variant, boundary, true, true);
                    specs.Add(variant, boundary, false, true);
                }
            }

            return specs;
        }
    }

    [Theory, MemberData(nameof(Specs))]
    public void TakeStep_SteadyState_AllocatesNothing(SimulationVariant variant, Boundary boundary, bool isTuringEnabled, bool isJitterEnabled)
    {
        var engine = new SimulationEngine(new SimulationSpec
        {
            Variant = variant,
            GridSize = 33,
            Boundary = boundary,
            IsTuringEnabled = isTuringEnabled,
            IsJitterEnabled = isJitterEnabled,
            SpikeProbability = 0.5,
        });

        // Until the runtime has compiled the loops for good, which allocates.
        engine.Advance(WarmUpSteps);

        var before = GC.GetAllocatedBytesForCurrentThread();
        engine.Advance(50);

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    [Theory]
    [InlineData(Precision.Binary64)]
    [InlineData(Precision.Binary32)]
    public void Advance_SeveralStepsAPassWithHelpers_AllocatesNothing(Precision precision)
    {
        var engine = new SimulationEngine(
            new SimulationSpec { GridSize = 200, SpikeProbability = 0.5, Precision = precision }, new StepHelpers(2, item => item.Execute()));
        engine.Advance(WarmUpSteps);

        var before = GC.GetAllocatedBytesForCurrentThread();
        engine.Advance(48);

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }
}
