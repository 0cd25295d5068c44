namespace Mfn.Core.Specs;

/// <summary>One thing that is wrong with a spec: a description of a computation that lists all that is wrong with it, or nothing.</summary>
/// <param name="Parameter">The name of the spec's property.</param>
/// <param name="Description">What is allowed and what the value was, such as "must be between 4 and 1024, but was 3".</param>
public readonly record struct SpecProblem(string Parameter, string Description)
{
    /// <summary>The parameter and the description as one sentence.</summary>
    public override string ToString() => $"{Parameter} {Description}.";
}
