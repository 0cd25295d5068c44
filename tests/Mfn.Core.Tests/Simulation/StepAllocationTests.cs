using Mfn.Core.Fields;
using Mfn.Core.Kinetics;
using Mfn.Core.Simulation;

namespace Mfn.Core.Tests.Simulation;

/// <summary>A step makes no garbage, whatever the spec.</summary>
public sealed class StepAllocationTests
{
    // Until the runtime has compiled most loops for good, which allocates.
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

    public static TheoryData<string, Precision, Integrator> Patterns
    {
        get
        {
            var patterns = new TheoryData<string, Precision, Integrator>();
            foreach (var model in KineticsModel.All)
            {
                foreach (var precision in Enum.GetValues<Precision>())
                {
                    patterns.Add(model.Name, precision, Integrator.Euler);
                    if (model is not SwiftHohenberg)
                    {
                        patterns.Add(model.Name, precision, Integrator.Adi);
                    }
                }
            }

            return patterns;
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

        engine.Advance(WarmUpSteps);

        AssertAllocatesNothing(engine);
    }

    [Theory]
    [InlineData(Precision.Binary64)]
    [InlineData(Precision.Binary32)]
    public void Advance_SeveralStepsAPassWithHelpers_AllocatesNothing(Precision precision)
    {
        var engine = new SimulationEngine(
            new SimulationSpec { GridSize = 256, SpikeProbability = 0.5, Precision = precision }, new StepHelpers(2, item => item.Execute()));
        engine.Advance(WarmUpSteps);

        AssertAllocatesNothing(engine);
    }

    [Theory]
    [MemberData(nameof(Patterns))]
    public void Advance_Kinetics_AllocatesNothing(string model, Precision precision, Integrator integrator)
    {
        var pattern = PatternSpec.Of(new KineticsSpec(KineticsModel.Find(model)!)) with { RowCount = 33, ColumnCount = 47, Integrator = integrator };
        using var engine = new SimulationEngine(new SimulationSpec { Pattern = pattern, Precision = precision });
        engine.Advance(WarmUpSteps);

        AssertAllocatesNothing(engine);
    }

    [Fact]
    public void Advance_KineticsWithNoiseAndMask_AllocatesNothing()
    {
        var pattern = PatternSpec.Of(new KineticsSpec(KineticsModel.Find("fitzhugh-nagumo")!)) with
        {
            RowCount = 33,
            ColumnCount = 47,
            AdditiveNoise = [0.001, 0.001],
            MultiplicativeNoise = [0.01, 0],
            Mask = [.. Enumerable.Range(0, 33 * 47).Select(i => i % 5 > 0)],
        };
        using var engine = new SimulationEngine(new SimulationSpec { Pattern = pattern });
        engine.Advance(WarmUpSteps);

        AssertAllocatesNothing(engine);
    }

    private static void AssertAllocatesNothing(SimulationEngine engine)
    {
        // Enough steps for growth events and whole passes. What allocates in them does so every time; the runtime, which may compile a loop
        // anew at any moment, does not.
        var allocated = Enumerable.Range(0, 5).Select(_ =>
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            engine.Advance(48);
            return GC.GetAllocatedBytesForCurrentThread() - before;
        });

        Assert.Contains(0L, allocated.ToList());
    }
}
