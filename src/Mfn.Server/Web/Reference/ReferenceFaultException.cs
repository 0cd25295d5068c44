namespace Mfn.Server.Web.Reference;

/// <summary>What the reference answers with a status and a sentence, without looking for further problems.</summary>
internal sealed class ReferenceFaultException : Exception
{
    private ReferenceFaultException(int status, string message)
        : base(message) => Status = status;

    /// <summary>Of HTTP.</summary>
    public int Status { get; }

    /// <summary>The body is no text, or is nested too deeply.</summary>
    public static ReferenceFaultException UnreadableBody() => new(StatusCodes.Status400BadRequest, "There was an error parsing the body");

    /// <summary>The body makes a message that is too large.</summary>
    public static ReferenceFaultException TooLarge() => new(StatusCodes.Status413PayloadTooLarge, "");

    /// <summary>A value that the reference's function refuses although its schema allows it.</summary>
    public static ReferenceFaultException Refused(string message) => new(StatusCodes.Status400BadRequest, message);

    /// <summary>Values of which nothing can be computed, for which the reference has no other status.</summary>
    public static ReferenceFaultException Failed(string message) => new(StatusCodes.Status500InternalServerError, message);
}
