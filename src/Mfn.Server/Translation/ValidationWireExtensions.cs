using Mfn.Core.Validation;
using Mfn.Server.Calls;
using Wire = Mfn.Contracts.V1;

namespace Mfn.Server.Translation;

/// <summary>Where the validation contract meets the core.</summary>
internal static class ValidationWireExtensions
{
    /// <summary>The cycle that a request asks for; what is wrong with it is added to the problems, by wire name.</summary>
    public static ValidationSpec ToSpec(this Wire.ValidateRequest request, RequestProblems problems)
    {
        var spec = new ValidationSpec();
        spec = spec with
        {
            Seed = request.HasSeed ? SeedWireExtensions.ToSeed(request.Seed, "seed", problems) : spec.Seed,
            EpochCount = request.HasEpochs ? request.Epochs : spec.EpochCount,
            BatchSize = request.HasBatchSize ? request.BatchSize : spec.BatchSize,
            GridSize = request.HasGridSize ? request.GridSize : spec.GridSize,
            StepCount = request.HasSteps ? request.Steps : spec.StepCount,
            IsTuringEnabled = request.HasTuringEnabled ? request.TuringEnabled : spec.IsTuringEnabled,
            IsJitterEnabled = request.HasJitterEnabled ? request.JitterEnabled : spec.IsJitterEnabled,
        };
        foreach (var problem in spec.FindProblems())
        {
            problems.Add(WireName(problem.Parameter), problem.Description);
        }

        return spec;
    }

    public static Wire.ValidateResponse ToResponse(this ValidationReport report) => new()
    {
        StartLoss = report.LossStart,
        FinalLoss = report.LossFinal,
        LossDrop = report.LossDrop,
        MinPotentialMillivolts = report.MinimumPotentialMillivolts,
        MaxPotentialMillivolts = report.MaximumPotentialMillivolts,
        ExampleFractalDimension = report.ExampleFractalDimension,
        LyapunovExponent = report.LyapunovExponent,
        MeanLyapunovExponent = report.MeanLyapunovExponent,
        GrowthEventCount = report.GrowthEventCount,
        SymbolicNernstPotentialMillivolts = report.NernstSymbolicMillivolts,
        NernstPotentialMillivolts = report.NernstNumericMillivolts,
        NernstSlopeMillivolts = report.NernstSlopeMillivolts,
    };

    private static string WireName(string parameter) => parameter switch
    {
        nameof(ValidationSpec.EpochCount) => "epochs",
        nameof(ValidationSpec.BatchSize) => "batch_size",
        nameof(ValidationSpec.GridSize) => "grid_size",
        nameof(ValidationSpec.StepCount) => "steps",
        _ => throw new ArgumentOutOfRangeException(nameof(parameter), parameter, "The parameter has no wire name."),
    };
}
