namespace Mfn.Server.Runs;

/// <summary>When a run stops.</summary>
internal abstract record StopRule
{
    /// <summary>No run goes further.</summary>
    public const int LastStep = int.MaxValue;

    private StopRule()
    {
    }

    /// <summary>After this step.</summary>
    public sealed record AfterStep(int Step) : StopRule;

    /// <summary>When a step that is a multiple of <paramref name="EveryNSteps"/> changes no cell by more than the tolerance, in volts for the potential and in the model's unit for species of kinetics.</summary>
    public sealed record SteadyState(double Tolerance, int EveryNSteps, bool IsOfSpecies = false) : StopRule;

    /// <summary>Not before the last step of any run.</summary>
    public sealed record Never : StopRule;
}
