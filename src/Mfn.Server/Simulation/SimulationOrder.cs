using System.Collections.Immutable;
using Mfn.Core.Features;
using Mfn.Core.Simulation;
using Mfn.Core.Steering;
using Mfn.Server.Compute;
using Mfn.Server.Frames;
using Mfn.Server.Pricing;

namespace Mfn.Server.Simulation;

/// <summary>What to run, and what its owner wants of it.</summary>
/// <param name="Spec">The simulation; valid.</param>
/// <param name="Analysis">What to find out about its fields.</param>
/// <param name="Frames">The frames that the owner reads while it runs; none if null.</param>
/// <param name="ResultEncoding">The encoding of the result's fields.</param>
/// <param name="Species">The fields that frames and result have, of which the analysis follows the first.</param>
/// <param name="InitialFields">The caller's fields of step 0.</param>
internal sealed record SimulationOrder(
    SimulationSpec Spec, AnalysisPlan Analysis, FramePlan? Frames, CellEncoding ResultEncoding, ImmutableArray<int> Species, InitialFields InitialFields)
{
    /// <summary>The field that is analysed: of the reference always the potential.</summary>
    public int AnalysedSpecies => Spec.Pattern is null ? 0 : Species[0];

    /// <summary>How many steps the engine is asked for at once: as many as nothing comes between.</summary>
    public int StepsAtOnce => Analysis.Features is not null || Analysis.Pattern is not null ? 1
        : Math.Min(ComputeScheduler.MaxStepsAtOnce, Frames?.EveryNSteps ?? ComputeScheduler.MaxStepsAtOnce);

    /// <summary>What it costs.</summary>
    public Price Price
    {
        get
        {
            var (rows, columns) = (Spec.RowCount, Spec.ColumnCount);
            var frameCount = Frames is { } plan ? plan.CountIn(Spec.StepCount) : 0;
            var findCount = 1 + (Frames is { HasAnalysis: true } ? frameCount : 0);
            var price = PriceList.Calls(Frames is null ? "simulate" : "stream-simulation", Frames is null ? ResultByteCount : 0) + PriceList.Simulation(Spec, StepsAtOnce);
            if (Analysis.Features is not null)
            {
                price += PriceList.FeatureFrames(rows, columns, Spec.StepCount, Spec) + PriceList.FeatureVectors(rows, columns, findCount, Spec);
            }

            if (Analysis.HasDimension)
            {
                price += PriceList.BoxCounting(rows, columns, (Analysis.Features ?? FeatureOptions.Default).ScaleCount, findCount);
            }

            if (Analysis.Pattern is not null)
            {
                price += PriceList.PatternFeatures(rows, columns, findCount);
            }

            if (Frames is { } frames)
            {
                price += PriceList.Frames(rows, columns, Species.Length * EncodedField.CellSize(frames.Encoding), frameCount);
            }

            return ResultEncoding == CellEncoding.None ? price : price + ResultPrice;
        }
    }

    /// <summary>What the fields of the result cost, if it has them.</summary>
    public Price ResultPrice => PriceList.Frames(Spec.RowCount, Spec.ColumnCount, Species.Length * EncodedField.CellSize(ResultEncoding), 1);

    private long ResultByteCount => ResultEncoding == CellEncoding.None ? 0 : (long)Spec.CellCount * Species.Length * EncodedField.CellSize(ResultEncoding);
}
