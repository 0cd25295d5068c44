using System.Globalization;
using Mfn.Core.Explanations;
using Mfn.Core.Simulation;
using Mfn.Core.Stability;
using Mfn.Server.Calls;
using Mfn.Server.Configuration;
using Mfn.Server.Pricing;
using Wire = Mfn.Contracts.V1;

namespace Mfn.Server.Translation;

/// <summary>Where the contract of explanations meets the core.</summary>
internal static class ExplanationWireExtensions
{
    /// <summary>The answer to a request.</summary>
    /// <exception cref="CallRefusedException">Something is wrong with the request.</exception>
    public static Wire.ExplainResponse ToResponse(this Wire.ExplainRequest request, LimitsOptions limits, Calibration calibration) =>
        request.ToSpec(limits).Explain(request.WithInitialFields, calibration, CancellationToken.None);

    /// <summary>What is to be explained.</summary>
    /// <exception cref="CallRefusedException">Something is wrong with the request.</exception>
    public static SimulationSpec ToSpec(this Wire.ExplainRequest request, LimitsOptions limits)
    {
        // A time step that is too large is to be explained.
        var asked = request.Spec?.Clone() ?? new Wire.SimulationSpec();
        asked.AllowUnstable |= asked.KineticsCase != Wire.SimulationSpec.KineticsOneofCase.None;
        var problems = new RequestProblems();
        var spec = asked.ToSpec(limits, problems);
        problems.ThrowIfAny();
        return spec;
    }

    /// <summary>The answer of what is to be explained.</summary>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public static Wire.ExplainResponse Explain(this SimulationSpec spec, bool hasFields, Calibration calibration, CancellationToken cancellationToken)
    {
        var price = PriceList.Simulate(spec);
        var seconds = calibration.Predict(price).TotalSeconds;
        var wire = Explanation.Of(spec, hasFields, cancellationToken).ToWire();
        (wire.Price, wire.PredictedSeconds) = (price.CellSteps, seconds);
        wire.Lines.Add(string.Create(CultureInfo.InvariantCulture, $"The work is {price.CellSteps} cell-steps ({spec.StepCount} steps), about {seconds:G3} s."));
        return wire;
    }

    private static Wire.ExplainResponse ToWire(this Explanation explanation)
    {
        var wire = new Wire.ExplainResponse
        {
            SteadyStates = { explanation.SteadyStates.Select(ToWire) },
            NeedsSeed = explanation.NeedsSeed,
            VisibleFactor = explanation.VisibleFactor,
            Warnings = { explanation.Warnings.Select(warning => new Wire.ExplanationWarning { Kind = warning.Kind.ToWire(), Text = warning.Text }) },
            Lines = { explanation.Lines },
        };
        if (explanation.Box is { } box)
        {
            wire.Box = new Wire.BoxMode
            {
                RowIndex = box.RowIndex,
                ColumnIndex = box.ColumnIndex,
                GrowthRate = box.GrowthRate,
                SteadyState = explanation.BoxState ?? 0,
            };
            if (box is { Wavelength: { } wavelength, CellsPerWavelength: { } cells })
            {
                (wire.Box.Wavelength, wire.Box.CellsPerWavelength) = (wavelength, cells);
            }
        }

        if (explanation.LargestStableTimeStep is { } limit)
        {
            wire.LargestStableTimeStep = limit;
        }

        if (explanation.StepsUntilVisible is { } steps)
        {
            wire.StepsUntilVisible = steps;
        }

        if (explanation.Mask is { } mask)
        {
            wire.TuringMask = new Wire.TuringMask
            {
                Active = mask.IsActive,
                Threshold = mask.Threshold,
                LargestActivator = mask.LargestActivator,
                CanFire = mask.CanFire,
            };
            if (mask.EarliestStep is { } earliest)
            {
                wire.TuringMask.EarliestStep = earliest;
            }
        }

        return wire;
    }

    private static Wire.WarningKind ToWire(this WarningKind kind) => kind switch
    {
        WarningKind.NoSteadyState => Wire.WarningKind.NoSteadyState,
        WarningKind.SteadyStateContinuum => Wire.WarningKind.SteadyStateContinuum,
        WarningKind.SteadyStatesNotComputed => Wire.WarningKind.SteadyStatesNotComputed,
        WarningKind.SingularJacobian => Wire.WarningKind.SingularJacobian,
        WarningKind.NegativeConcentration => Wire.WarningKind.NegativeConcentration,
        WarningKind.NoShortestWave => Wire.WarningKind.NoShortestWave,
        WarningKind.WavesFasterThanOscillation => Wire.WarningKind.WavesFasterThanOscillation,
        WarningKind.StaysUniform => Wire.WarningKind.StaysUniform,
        WarningKind.UnstableTimeStep => Wire.WarningKind.UnstableTimeStep,
        WarningKind.TooFewSteps => Wire.WarningKind.TooFewSteps,
        WarningKind.BoxNotPredicted => Wire.WarningKind.BoxNotPredicted,
        WarningKind.BoundaryNotSteady => Wire.WarningKind.BoundaryNotSteady,
        WarningKind.BoxSmallerThanWavelength => Wire.WarningKind.BoxSmallerThanWavelength,
        WarningKind.NoGrowingModeInBox => Wire.WarningKind.NoGrowingModeInBox,
        WarningKind.CoarseCells => Wire.WarningKind.CoarseCells,
        WarningKind.UnstableAlpha => Wire.WarningKind.UnstableAlpha,
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "The contract has no such kind."),
    };

    private static Wire.UniformSteadyState ToWire(SteadyState state)
    {
        var wire = new Wire.UniformSteadyState
        {
            Values = { state.Values },
            Verdict = state.Verdict switch
            {
                StabilityVerdict.Stable => Wire.StabilityVerdict.Stable,
                StabilityVerdict.Hopf => Wire.StabilityVerdict.Hopf,
                StabilityVerdict.Turing => Wire.StabilityVerdict.Turing,
                _ => Wire.StabilityVerdict.Unstable,
            },
            FastestGrowthRate = state.FastestGrowthRate,
            Jacobian = { state.Dispersion.Jacobian },
            UniformGrowthRate = state.UniformGrowthRate,
            Degenerate = state.IsDegenerate,
        };
        if (state.FastestWavelength is { } wavelength)
        {
            wire.FastestWavelength = wavelength;
        }

        if (state.Period is { } period)
        {
            wire.Period = period;
        }

        if (state.Band is { } band)
        {
            wire.Band = new Wire.WavenumberBand { Low = band.Low };
            if (double.IsFinite(band.High))
            {
                wire.Band.High = band.High;
            }
        }

        return wire;
    }
}
