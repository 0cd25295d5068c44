namespace Mfn.Core.Specs;

/// <summary>How specs collect their problems, and how those who take specs refuse bad ones.</summary>
internal static class SpecProblemExtensions
{
    /// <summary>Adds a problem.</summary>
    public static void Add(this List<SpecProblem> problems, string parameter, string description) =>
        problems.Add(new SpecProblem(parameter, description));

    /// <summary>Adds a problem if the value is out of its range.</summary>
    public static void Check(this List<SpecProblem> problems, string parameter, double value, ParameterRange range)
    {
        if (!range.Contains(value))
        {
            problems.Add(parameter, $"must be {range}, but was {ParameterRange.Format(value)}");
        }
    }

    /// <exception cref="ArgumentException">There are problems; the message lists them all.</exception>
    public static void ThrowIfAny(this IReadOnlyList<SpecProblem> problems, string argument)
    {
        if (problems.Count > 0)
        {
            throw new ArgumentException(string.Join(' ', problems), argument);
        }
    }
}
