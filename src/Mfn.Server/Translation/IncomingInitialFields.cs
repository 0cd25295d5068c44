namespace Mfn.Server.Translation;

/// <summary>The caller's fields of step 0 on their way in; those that are not to come are null.</summary>
internal sealed record IncomingInitialFields(IncomingField? Potential, IncomingField? Activator, IncomingField? Inhibitor, IReadOnlyList<IncomingField?> Species);
