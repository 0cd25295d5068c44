namespace Mfn.Core.Aggregation.Rules;

/// <summary>Why an update is not part of an aggregate.</summary>
public enum ExclusionReason
{
    /// <summary>A component is NaN or infinite.</summary>
    NotFinite,

    /// <summary>It does not have the declared length.</summary>
    WrongLength,

    /// <summary>Its Euclidean norm is above the cap.</summary>
    NormAboveCap,

    /// <summary>Its client sent more than one; none of them counts, as which came first must not matter.</summary>
    DuplicateClient,

    /// <summary>The claimed weight is not what the policy allows.</summary>
    WeightOutOfBounds,

    /// <summary>It was not drawn into the sample that the rule looked at.</summary>
    NotSampled,

    /// <summary>The rule preferred others.</summary>
    NotSelected,
}
