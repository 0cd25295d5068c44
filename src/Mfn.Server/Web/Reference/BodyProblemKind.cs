namespace Mfn.Server.Web.Reference;

/// <summary>A kind of problem, by the names that pydantic 1 has.</summary>
/// <param name="Type">For programs.</param>
/// <param name="Message">For people; of a limit its beginning.</param>
internal sealed record BodyProblemKind(string Type, string Message)
{
    public static BodyProblemKind Missing { get; } = new("value_error.missing", "field required");

    public static BodyProblemKind IsNull { get; } = new("type_error.none.not_allowed", "none is not an allowed value");

    public static BodyProblemKind NotInteger { get; } = new("type_error.integer", "value is not a valid integer");

    public static BodyProblemKind NotNumber { get; } = new("type_error.float", "value is not a valid float");

    public static BodyProblemKind NotFlag { get; } = new("type_error.bool", "value could not be parsed to a boolean");

    public static BodyProblemKind NotList { get; } = new("type_error.list", "value is not a valid list");

    public static BodyProblemKind NotObject { get; } = new("type_error.dict", "value is not a valid dict");

    public static BodyProblemKind NotAbove { get; } = new("value_error.number.not_gt", "ensure this value is greater than ");

    public static BodyProblemKind TooSmall { get; } = new("value_error.number.not_ge", "ensure this value is greater than or equal to ");

    public static BodyProblemKind TooLarge { get; } = new("value_error.number.not_le", "ensure this value is less than or equal to ");

    /// <summary>A limit of this server that the reference does not have: its own words.</summary>
    public static BodyProblemKind Refused { get; } = new("value_error", "");
}
