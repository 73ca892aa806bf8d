"""Short and foreign forms of given names: whoever bears one form may be written with another."""

from __future__ import annotations

_FORMS = """
abigail abby abbie gail
adelaide addie heidi
agnes aggie ines
alan allan allen al
albert alberto bert al albie
alejandro alex ale jandro
alejandra ale sandra
alexander alex alec sasha sander xander alessandro alexandre aleksandr aleksander oleksandr
alexandra alex sandra lexi sasha aleksandra
alfred fred alfie alfredo
alison allison ali allie
amanda mandy
andrew andy drew andres andreas andrei andrey andrea andrzej
angela angie
ann anna anne annie ana hannah anya
anthony tony antonio antoine anton toni
antonia toni tonia
arthur art artie arturo
barbara barb babs basia
beatrice bea trixie beatriz
benjamin ben benny benji benjamin
bernard bernie bernardo
bradley brad
bridget bridie brigitte brigid
carl karl carlos charles charlie chuck chas carlo karel
carmen mamen
caroline carol carrie carolina
catherine katherine cathy kathy kate katie kat cat kathryn katharine catalina katarina ekaterina katya yekaterina
cecilia cecily celia
charlotte lottie charlie carlota
christina christine tina chris chrissie cristina kristina kristin
christopher chris kit topher cristobal kristof christoph
claudia claude
clifford cliff
concepcion concha conchita
consuelo chelo
cynthia cindy
daniel dan danny dani
david dave davy davey
deborah debra deb debbie
dennis denis denny
dolores lola
dominic dom nick
donald don donnie
dorothy dot dottie dolly
douglas doug
edward ed eddie ted teddy ned eduardo eddy
eleanor ellie nell nora leonor elena
elizabeth liz beth betty lizzie eliza elisabeth elsie lisa libby isabel isabella isabelle bella elisabet
emily em emma emilia
enrique quique kike henry harry hank henri heinrich
eugene gene
evelyn evie eve
florence flo flossie
frances fran frankie francesca francine
francis frank francisco paco pancho curro franco francois franz
franklin frank
frederick fred freddie freddy fritz federico friedrich
gabriel gabe gabi
gabriela gabi gabriella
george georgie jorge georg yuri yuriy yury iurii
gerald gerry jerry gerard gerardo
gertrude trudy
gilbert gil
gregory greg gregorio grigori grigory
guadalupe lupe
harold harry hal
helen nell ellen elena lena helena yelena olena
herbert herb bert
howard howie
hugh hugo huey
ignacio nacho
isaac ike
jacob jake jakob jacobo
jacqueline jackie
james jim jimmy jamie jaime santiago
jane janie janet jan
jasmine jaz
jeffrey jeff geoff geoffrey
jennifer jen jenny jenna
jeremy jerry jem
jessica jess jessie
jesus chus suso
joan joanne jo joanna juana
john jack johnny jon juan johann johannes ivan jan ian jean giovanni
jonathan jon jonny nathan
joseph joe joey jose pepe josef giuseppe josep
josephine jo josie josefa pepa
joshua josh
judith judy
julia julie
julian jules
karen kari
kenneth ken kenny
kimberly kim kimberley
laura laurie lori
lawrence larry laurence laurie lorenzo
leonard len lenny leo leonardo
leslie les lesley
lewis louis lou luis ludwig luigi
lillian lily lil
louise lou luisa
lucy lucia luz
luke lucas lukas luca
madeline maddie maddy madeleine
manuel manolo manu
marcus mark marc marco marcos markus
margaret maggie meg peggy marge greta margarita margot rita daisy
maria mary marie mariya molly polly may mia
maria jose marijose
mario marius
martha marta
martin marty
mathilda tilly matilda
matthew matt matty mateo matthias mathieu
maurice mo mauricio
maxwell max maximilian
megan meg
melissa mel missy
mercedes merche
michael mike mick mickey miguel michel mikhail misha mikael michal
michelle shelly
mildred millie
mitchell mitch
montserrat montse
natalie nat natalia natasha nataliya
nathaniel nathan nate nat
nicholas nick nicky nico nicolas nikolai nikolay mykola klaus
nicole nicky nikki
oliver ollie oli
pamela pam
patricia pat patty trish tricia patsy
patrick pat paddy patricio
paul pablo pavel paolo pau
paula paulina pauline
penelope penny
peter pete pedro piotr pyotr petr pietro
philip phil phillip felipe philippe
pilar pili
rachel rach raquel
ramon moncho
raymond ray raimundo
rebecca becky becca
reginald reg reggie
richard rick ricky dick rich richie ricardo
robert bob bobby rob robbie bert roberto
rodney rod
roger rog rogelio
ronald ron ronnie
rosario charo
rose rosa rosie rosemary
rudolf rudy rodolfo
russell russ
samantha sam sammy
samuel sam sammy
sarah sara sally sadie
sergio sergei sergey serhii serge
sharon shari
sophia sophie sofia sofie
stephen steven steve stevie stephan esteban stefan etienne stepan
stephanie steph stefanie estefania
stuart stu stewart
susan sue susie suzanne susana
sylvia sylvie silvia
teresa theresa terry tess tessa terri tere
theodore theo ted teddy teodoro fedor fyodor
thomas tom tommy tomas
timothy tim timmy timoteo
tobias toby
valerie val valeria
veronica ronnie vero
victor vic viktor
victoria vicky vicki tori viktoria
vincent vince vinny vicente
vladimir vlad volodymyr vova
virginia ginny
walter walt wally
wilfred wilf
wilhelmina mina
william bill billy will willy liam guillermo wilhelm guillaume
winifred winnie
yevgeny evgeny eugenio evgeni
yvonne yvette
zachary zach zack
"""


def _by_form() -> dict[str, frozenset[int]]:
    found: dict[str, set[int]] = {}
    for number, line in enumerate(_FORMS.strip().splitlines()):
        for form in line.split():
            found.setdefault(form, set()).add(number)
    return {form: frozenset(numbers) for form, numbers in found.items()}


_GROUPS = _by_form()


def name_groups(given: str | None) -> list[str]:
    """Return the groups of names that a folded given name belongs to; names of one group may be one person's."""
    first = (given or "").partition(" ")[0]
    return sorted(f"n{number}" for number in _GROUPS.get(given or "", frozenset()) | _GROUPS.get(first, frozenset()))
