namespace Mfn.Core.Explanations;

/// <summary>What a warning of an explanation is about.</summary>
public enum WarningKind
{
    /// <summary>There is no uniform steady state.</summary>
    NoSteadyState,

    /// <summary>The uniform steady states are a line or a curve, no points: none is listed.</summary>
    SteadyStateContinuum,

    /// <summary>The coefficients are too far apart for steady states to be computed.</summary>
    SteadyStatesNotComputed,

    /// <summary>The Jacobian of a steady state is singular: linear theory does not tell everything.</summary>
    SingularJacobian,

    /// <summary>A steady state has a negative concentration: the parameters are outside the model's sense.</summary>
    NegativeConcentration,

    /// <summary>A species that grows by itself does not diffuse: the cells choose the wavelength, not the model.</summary>
    NoShortestWave,

    /// <summary>Waves grow faster than the uniform oscillation: either may win.</summary>
    WavesFasterThanOscillation,

    /// <summary>No small perturbation grows, and the initial state has nothing else: it will stay uniform.</summary>
    StaysUniform,

    /// <summary>The time step is above the largest stable one.</summary>
    UnstableTimeStep,

    /// <summary>The steps end before the pattern is visible.</summary>
    TooFewSteps,

    /// <summary>A mask, or different boundaries, which no wave fits: the box has no mode.</summary>
    BoxNotPredicted,

    /// <summary>A value beyond the rim is not the steady state's.</summary>
    BoundaryNotSteady,

    /// <summary>The box is smaller than the fastest growing wavelength.</summary>
    BoxSmallerThanWavelength,

    /// <summary>Waves grow on an endless plane, but none that fits the box.</summary>
    NoGrowingModeInBox,

    /// <summary>The wave that wins has fewer than 8 cells: the lattice will show.</summary>
    CoarseCells,

    /// <summary>Of the reference: alpha is at or above 0.25, so that only clamping bounds the potential.</summary>
    UnstableAlpha,
}
